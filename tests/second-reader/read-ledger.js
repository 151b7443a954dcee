#!/usr/bin/env node
// A second reader of ledgers. It was written from docs/ledger-format.md, docs/ledger-format-write-sets.md and
// docs/receipts.md alone and shares no code with Curia: what it accepts, the pages say.
'use strict';

const { readFileSync } = require('node:fs');
const { refusalOf } = require('./bytes.js');
const { txid } = require('./blocks.js');
const { readLedger } = require('./ledger.js');
const { openPrivateParts } = require('./private-parts.js');
const { checkReceipt } = require('./receipt.js');

const usage = 'usage: read-ledger.js DIR... [--json] [--values] [--secret HEX] [--receipt FILE]';
const hex = (bytes) => bytes?.toString('hex') ?? null;

/** The values of the worked example of the page, for every entry. */
function valuesOf(entry) {
  const { signature } = entry;
  return {
    txid: txid(entry), entry: hex(entry.bytes), evidence_digest: hex(entry.evidence),
    write_set_digest: hex(entry.writeSetDigest), leaf: hex(entry.leaf),
    commit_evidence: entry.commitEvidence ?? null, entry_key: hex(entry.entryKey), opened: hex(entry.opened),
    root: hex(signature?.root), node_signature: hex(signature?.nodeSignature),
    protected_header: hex(signature?.cose.header),
  };
}

function verify(folder, options) {
  const { ledger, problems, tail } = readLedger(folder);
  const further = (check) => {
    const refusal = problems.length === 0 ? refusalOf(check) : null;
    if (!refusal) return;
    problems.push({ file: '', seqno: refusal.seqno ? Number(refusal.seqno) : null, reason: refusal.message });
  };
  if (options.secret) further(() => openPrivateParts(ledger, Buffer.from(options.secret, 'hex')));
  if (options.receipt) further(() => checkReceipt(ledger, JSON.parse(readFileSync(options.receipt, 'utf8'))));
  return {
    ok: problems.length === 0, last_txid: ledger.lastTxid, transactions: ledger.entries.length,
    signatures: ledger.signatures, epochs: ledger.services.length, genesis: hex(ledger.genesis), tail, problems,
    ...(options.values ? { values: ledger.entries.map(valuesOf) } : {}),
  };
}

function print(report) {
  for (const { file, seqno, reason } of report.problems) {
    console.log(`${file || '-'}, seqno ${seqno ?? '-'}: ${reason}`);
  }
  console.log(`${report.ok ? 'ok' : 'NOT OK'}: ${report.transactions} transactions up to ${report.last_txid ?? '-'}, `
    + `${report.signatures} signatures, ${report.epochs} epochs, genesis ${report.genesis ?? '-'}`);
}

function main(args) {
  const options = {};
  const folders = [];
  while (args.length > 0) {
    const argument = args.shift();
    if (argument === '--json' || argument === '--values') options[argument.slice(2)] = true;
    else if (argument === '--secret' || argument === '--receipt') options[argument.slice(2)] = args.shift();
    else if (argument.startsWith('-')) options.unknown = argument;
    else folders.push(argument);
  }
  if (folders.length === 0 || options.unknown) {
    console.error(usage);
    return 2;
  }
  let ok = true;
  for (const folder of folders) {
    const report = verify(folder, options);
    ok &&= report.ok;
    if (options.json || options.values) console.log(JSON.stringify(report));
    else print(report);
  }
  return ok ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
