// A JSON receipt, and whether a ledger holds what it proves: docs/receipts.md, "With code that is not ours".
'use strict';

const { need, refuse, sha256 } = require('./bytes.js');
const { txid } = require('./blocks.js');
const { certificate, verifyDigest } = require('./signatures.js');

/** The DER in a PEM text. */
const der = (pem) => Buffer.from(pem.replace(/-----.*?-----|\s/g, ''), 'base64');
const bytes = (text) => Buffer.from(text, 'hex');

/** r and s of fixed size from the DER SEQUENCE of two INTEGERs. */
function fixedSize(signature, size) {
  const parts = [];
  for (let at = signature[1] & 0x80 ? 3 : 2; at < signature.length; at += 2 + signature[at + 1]) {
    const integer = signature.subarray(at + 2, at + 2 + signature[at + 1]).toString('hex').replace(/^(00)+/, '');
    parts.push(bytes(integer.padStart(2 * size, '0')));
  }
  return Buffer.concat(parts);
}

function checkReceipt(ledger, receipt) {
  const parts = receipt.leaf_components ?? refuse('a receipt without leaf components proves no commit');
  const [, place] = /^ce:(\d+\.\d+):[0-9a-f]{64}$/.exec(parts.commit_evidence) ?? refuse('no commit evidence');
  const leaf = sha256(bytes(parts.write_set_digest), sha256(parts.commit_evidence), bytes(parts.claims_digest));
  const root = receipt.proof.reduce(
    (node, { left, right }) => (left ? sha256(bytes(left), node) : sha256(node, bytes(right))), leaf);
  const node = certificate(der(receipt.cert), 'the certificate of the receipt');
  need(node.id.toString('hex') === receipt.node_id, 'the node id is not that of the certificate');
  need(verifyDigest(node, root, fixedSize(Buffer.from(receipt.signature, 'base64'), node.curve.size)),
    'the signature of the receipt is wrong');
  need(ledger.services.some((service) => node.issuedBy(service)), 'the receipt is not by a node of this service');
  need(ledger.entries.some((one) => txid(one) === place && one.leaf.equals(leaf)), `${place} has another leaf`);
  need(ledger.entries.some(({ signature }) => signature?.root.equals(root)), 'the root of the receipt was not signed');
}

module.exports = { checkReceipt };
