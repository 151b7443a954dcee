// What each block must have in common with those before it: docs/ledger-format.md, "Genesis", "Epoch" and "Audit".
'use strict';

const { readFileSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const { Cursor, about, need, refusalOf, sha256 } = require('./bytes.js');
const { Tree, Type, checkBlockAlone, readBlock, txid, writeSetPart } = require('./blocks.js');
const { certificate, coseSign1, protectedHeader, verifyCose, verifyMessage } = require('./signatures.js');
const { torn } = require('./torn-tail.js');

const WrappedSecrets = 'public:curia.internal.wrapped_ledger_secrets';

/** A ledger as far as it was read. It changes only with a block in which everything is right. */
class Ledger {
  next = 1n;
  view = 0n;
  tree = new Tree();
  services = [];
  genesis = null;
  root = null;
  lastTxid = null;
  committed = 0n;
  time = 0n;
  signatures = 0;
  blockEnds = new Map();
  roots = new Map();
  wrapped = [];
  entries = [];

  constructor() {
    this.tree.append(Buffer.alloc(32));
  }

  /** Verifies the block at the start of the bytes, adds it, and returns its length. */
  add(bytes) {
    const block = about(this.next, () => readBlock(bytes));
    about(this.next, () => need(block.first === this.next, `a block from seqno ${block.first}`));
    const tree = checkBlockAlone(block);
    const epoch = block.entries[0].type === Type.epoch;
    about(block.first, () => need(
      block.view >= this.view && (!epoch || (block.view > this.view && (block.view - this.view) % 2n === 0n)), `view ${block.view} after ${this.view}`));
    const contents = block.entries.slice(0, -1).map((entry) => about(entry.seqno, () => this.content(entry)));
    const service = contents[0]?.service ?? this.services.at(-1);
    about(block.last, () => this.checkSignature(block, service));

    if (service !== this.services.at(-1)) this.services.push(service);
    this.genesis ??= sha256(bytes.subarray(0, block.length));
    for (const { seqno, maps } of contents) {
      for (const [key, value] of maps.get(WrappedSecrets) ?? []) this.wrapped.push({ seqno, key, value });
    }
    [this.tree, this.view, this.next] = [tree, block.view, block.last + 1n];
    [this.time, this.committed] = [block.signature.time, block.signature.committedSeqno];
    [this.root, this.lastTxid] = [block.signature.root, `${block.view}.${block.last}`];
    this.blockEnds.set(block.last, this.lastTxid);
    this.roots.set(block.last, this.root);
    this.signatures++;
    for (const entry of block.entries) this.entries.push({ ...entry, nodeId: block.nodeId });
    Object.assign(this.entries.at(-1), { signature: block.signature });
    return block.length;
  }

  /** Checks what an entry says; gives its public maps, and the service certificate that it may bring. */
  content(entry) {
    const c = new Cursor(entry.publicPart, 'the public part');
    let service;
    if (entry.type !== Type.writeSet) {
      service = certificate(c.take(c.u32()), 'the service certificate');
      need(service.issuedBy(service), 'the service certificate is not signed with its own key');
      if (entry.type === Type.epoch) this.checkEpoch(c, service);
    }
    return { seqno: entry.seqno, service, maps: writeSetPart(c.rest(), 'public') };
  }

  checkEpoch(c, service) {
    const before = this.services.at(-1);
    const continues = `${c.u64()}.${c.u64()}`;
    need(continues === this.lastTxid, `an epoch that continues ${continues} after ${this.lastTxid}`);
    const root = c.digest();
    need(root.equals(this.root), 'the epoch names another root than the one signed before it');

    const what = 'the endorsement';
    const cose = coseSign1(c.take(c.u16()), what);
    const said = protectedHeader(cose, 4, 2, what);
    need(said[2] === 'service.endorsement', `${what} has another subject`);
    said.cbor.expect('curia.v1');
    said.cbor.map(2);
    said.cbor.expect('root');
    need(said.cbor.byteString().equals(root), `${what} names another root`);
    said.cbor.expect('continues', continues);
    said.cbor.end();
    verifyCose(said, cose, before, service.spki, what);

    const previous = certificate(c.take(c.u16()), 'the previous certificate');
    need(previous.spki.equals(before.spki), 'the previous certificate has another key than the service before');
    need(previous.issuedBy(service), 'the previous certificate is not issued by the new service key');
  }

  checkSignature({ signature }, service) {
    const { node, frontier, said, cose, root, time, committed, committedSeqno } = signature;
    need(node.issuedBy(service), 'the node certificate is not issued by the service key');
    need(frontier.equals(this.tree), 'the frontier is not that of the leaves before the block');
    verifyCose(said, cose, service, root, 'the service signature');
    need(time >= this.time, 'time goes back');
    need(committedSeqno >= this.committed, 'committed goes back');
    need(committedSeqno === 0n || this.blockEnds.get(committedSeqno) === committed,
      `${committed} is called committed and is not the end of an earlier block`);
    for (const one of signature.acknowledgements) this.checkAcknowledgements(one, committedSeqno);
  }

  checkAcknowledgements({ view, seqno, by }, committedSeqno) {
    const end = txid({ view, seqno });
    need(seqno > this.committed && seqno <= committedSeqno, `acknowledgements of ${end} stand where they do not belong`);
    need(this.blockEnds.get(seqno) === end, `acknowledgements of ${end}, which ends no block`);
    const place = Buffer.alloc(16);
    place.writeBigUInt64BE(view, 0);
    place.writeBigUInt64BE(seqno, 8);
    const said = Buffer.concat(
      [Buffer.from('curia acknowledgement 1\n'), this.genesis, place, this.roots.get(seqno)],
    );
    for (const { key, signature } of by) {
      need(verifyMessage(key, said, signature), `an acknowledgement of ${end} is not signed`);
    }
  }
}

/** The chunk files of a folder in the order of the ledger; other names are no part of it. */
function chunkFiles(folder) {
  const files = [];
  for (const name of readdirSync(folder)) {
    const [, first, last] = /^ledger_([1-9]\d*)(?:-([1-9]\d*)\.committed)?$/.exec(name) ?? [];
    if (first) files.push({ name, first: BigInt(first), last: last ? BigInt(last) : null });
  }
  // Of two with one beginning, at most one can be right.
  return files.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : (a.last === null) - (b.last === null)));
}

/** Reads one file. `place.offset` says how far it came when a rule is broken. */
function readFile(ledger, file, place) {
  place.offset = 0;
  const c = new Cursor(file.bytes, 'the file header');
  about(file.first, () => {
    need(file.first === ledger.next, `the file begins at seqno ${file.first} where ${ledger.next} belongs`);
    need(c.take(8).toString('latin1') === 'CURIALED', 'the file has another magic');
    c.version();
    need(c.u64() === file.first, 'the first seqno in the file is not that of its name');
  });
  for (place.offset = c.at; place.offset < file.bytes.length;) {
    place.offset += ledger.add(file.bytes.subarray(place.offset));
  }
  need(file.last === null || file.last === ledger.next - 1n, `the file ends at seqno ${ledger.next - 1n}`);
}

/** Reads a folder up to the first rule that is broken, and says whether that is a torn tail. */
function readLedger(folder) {
  const ledger = new Ledger();
  const files = chunkFiles(folder);
  if (files.length === 0) {
    return { ledger, problems: [{ file: '', seqno: null, reason: 'there is no chunk file' }], tail: null };
  }
  for (let i = 0; i < files.length; i++) {
    const place = {};
    files[i].bytes = readFileSync(join(folder, files[i].name));
    const refusal = refusalOf(() => readFile(ledger, files[i], place));
    if (!refusal) {
      files[i].bytes = null;
      continue;
    }
    for (const later of files.slice(i + 1)) later.bytes = readFileSync(join(folder, later.name));
    const missing = files[i].first === ledger.next || place.offset > 0
      ? torn(files.slice(i), place.offset, ledger.next) : null;
    const tail = missing === null ? null : { file: files[i].name, offset: place.offset };
    const seqno = Number(tail ? ledger.next : refusal.seqno ?? ledger.next);
    const reason = tail ? `torn tail: ${missing}` : refusal.message;
    return { ledger, problems: [{ file: files[i].name, seqno, reason }], tail };
  }
  return { ledger, problems: [], tail: null };
}

module.exports = { readLedger };
