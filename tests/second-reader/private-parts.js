// Opens private parts and computes commit evidence again: docs/ledger-format.md, "Keys" and "Sealing".
'use strict';

const { createDecipheriv, createHmac, hkdfSync } = require('node:crypto');
const { about, need, refuse, sha256 } = require('./bytes.js');
const { Type, txid, writeSetPart } = require('./blocks.js');

function derive(secret, label, context = Buffer.alloc(0)) {
  const info = Buffer.concat([Buffer.from(label), Buffer.alloc(1), context]);
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, 32));
}

function open(key, nonce, associated, sealed) {
  const cipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(associated).setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
  } catch {
    return refuse('sealed bytes do not open under their key');
  }
}

/** The ledger secrets, newest first: each unwraps the one of the period before. */
function periods(ledger, newest) {
  const found = [];
  let secret = newest;
  for (const { seqno, key, value } of [...ledger.wrapped].reverse()) {
    found.push({ from: seqno, secret });
    secret = about(seqno, () => open(derive(secret, 'curia chain key'), Buffer.alloc(12), key, value));
  }
  return [...found, { from: 1n, secret }];
}

function openPrivateParts(ledger, newest) {
  const known = periods(ledger, newest);
  for (const entry of ledger.entries.filter(({ type }) => type !== Type.signature)) {
    about(entry.seqno, () => {
      const { secret } = known.find(({ from }) => from <= entry.seqno);
      const place = entry.bytes.subarray(2, 18); // view and seqno
      const code = createHmac('sha256', derive(secret, 'curia commit evidence key')).update(place).digest('hex');
      entry.commitEvidence = `ce:${txid(entry)}:${code}`;
      need(sha256(entry.commitEvidence).equals(entry.evidence), 'the evidence digest is not that of the evidence');
      if (entry.privatePart.length === 0) return;
      entry.entryKey = derive(derive(secret, 'curia data key'), 'curia entry key', entry.nodeId);
      entry.opened = open(entry.entryKey, place.subarray(4), entry.associated, entry.privatePart);
      writeSetPart(entry.opened, 'private');
    });
  }
}

module.exports = { openPrivateParts };
