// What blocks, entries, signature transactions and write sets say by themselves: docs/ledger-format.md, "Block",
// "Entry", "Signature transaction", and docs/ledger-format-write-sets.md.
'use strict';

const { Cursor, about, need, sha256 } = require('./bytes.js');
const { certificate, coseSign1, protectedHeader, verifyDigest } = require('./signatures.js');

const Type = { writeSet: 0, signature: 1, genesis: 2, epoch: 3 };
const BlockHeaderSize = 61;
const BlockSizeMax = 134217728;
const SeqnoMax = 1n << 62n;
const txid = ({ view, seqno }) => `${view}.${seqno}`;

/** A TxID as text in its one spelling, as its seqno; `0.0` stands for none. */
function seqnoOf(text, what) {
  const [, view, seqno] = /^(\d+)\.(\d+)$/.exec(text) ?? [];
  need(text === '0.0' || (view && `${BigInt(view)}.${BigInt(seqno)}` === text && BigInt(view) >= 1n
    && BigInt(view) < 1n << 32n && BigInt(seqno) >= 1n && BigInt(seqno) <= SeqnoMax), `${what}: ${text} is no TxID`);
  return BigInt(seqno);
}

/** The Merkle tree as its frontier: the roots of the complete subtrees, largest first. */
class Tree {
  constructor(size = 0n, peaks = []) {
    this.size = size;
    this.peaks = peaks;
  }

  append(leaf) {
    let node = leaf;
    for (let size = this.size; size & 1n; size >>= 1n) node = sha256(this.peaks.pop(), node);
    this.peaks.push(node);
    this.size++;
  }

  root() {
    return this.peaks.reduceRight((soFar, peak) => (soFar === null ? peak : sha256(peak, soFar)), null);
  }

  equals(other) {
    return this.size === other.size && this.peaks.every((peak, i) => peak.equals(other.peaks[i]));
  }
}

/** One part of a write set: map name -> [[key, value or null]]. */
function writeSetPart(bytes, domain) {
  const maps = new Map();
  if (bytes.length === 0) return maps;
  const c = new Cursor(bytes, `the ${domain} part of the write set`);
  c.version();
  const count = c.u32();
  need(count >= 1 && count <= 1024, `${c.what}: ${count} maps`);
  for (let last = null, m = 0; m < count; m++) {
    const name = c.take(c.u8());
    need(name.length >= 1 && name.length <= 128 && name.every((b) => b >= 0x20 && b <= 0x7e), `${c.what}: map name`);
    need(name.toString().startsWith('public:') === (domain === 'public'), `${c.what}: a map of the other domain`);
    need(last === null || Buffer.compare(last, name) < 0, `${c.what}: maps out of order`);
    last = name;
    maps.set(name.toString(), writes(c));
  }
  c.end();
  return maps;
}

function writes(c) {
  const count = c.u32();
  need(count >= 1, `${c.what}: a map without writes`);
  const read = [];
  for (let last = null, i = 0; i < count; i++) {
    const operation = c.u8();
    need(operation <= 1, `${c.what}: operation ${operation}`);
    const keySize = c.u32();
    need(keySize <= 65536, `${c.what}: a key of ${keySize} bytes`);
    const key = c.take(keySize);
    need(last === null || Buffer.compare(last, key) < 0, `${c.what}: keys out of order`);
    last = key;
    const valueSize = operation === 1 ? c.u32() : 0;
    need(valueSize <= 16777216, `${c.what}: a value of ${valueSize} bytes`);
    read.push([key, operation === 1 ? c.take(valueSize) : null]);
  }
  return read;
}

function readEntry(c, block, seqno) {
  const start = c.at;
  c.version();
  const entry = { type: c.u8(), view: c.u64(), seqno: c.u64(), claims: c.digest(), evidence: c.digest() };
  const [publicSize, privateSize] = [c.u32(), c.u32()];
  need(entry.type <= Type.epoch, `entry type ${entry.type}`);
  need(entry.view === block.view && entry.seqno === seqno, `entry ${txid(entry)} where ${block.view}.${seqno} belongs`);
  need(privateSize === 0 || privateSize >= 17, `a private part of ${privateSize} bytes`);
  need(90 + publicSize + privateSize <= 71303168, 'an entry that is too large');
  need((entry.type === Type.signature) === (seqno === block.last), 'the last entry and no other is a signature');
  need((entry.type === Type.genesis) === (seqno === 1n), 'seqno 1 and no other is genesis');
  need(entry.type !== Type.epoch || (seqno === block.first && seqno + 1n === block.last), 'an epoch in a larger block');
  const bare = privateSize === 0 && ![...entry.claims, ...entry.evidence].some(Boolean);
  need(entry.type !== Type.signature || bare, 'a signature with claims, evidence or a private part');
  entry.publicPart = c.take(publicSize);
  entry.associated = c.bytes.subarray(start, c.at);
  entry.privatePart = c.take(privateSize);
  entry.bytes = c.bytes.subarray(start, c.at);
  entry.writeSetDigest = sha256(entry.bytes);
  entry.leaf = sha256(entry.writeSetDigest, entry.evidence, entry.claims);
  return entry;
}

function readBlockHeader(bytes) {
  const c = new Cursor(bytes.subarray(0, BlockHeaderSize), 'the block header');
  c.version();
  const block = { length: c.u32(), view: c.u64(), first: c.u64(), last: c.u64(), nodeId: c.digest(), entries: [] };
  need(block.length >= BlockHeaderSize && block.length <= BlockSizeMax, `a block of ${block.length} bytes`);
  need(block.view >= 1n && block.view < 1n << 32n, `view ${block.view}`);
  need(block.first >= 1n && block.last >= block.first && block.last - block.first < 1048576n
    && block.last <= SeqnoMax,
    `a block from seqno ${block.first} to ${block.last}`);
  return block;
}

/** The block at the start of the bytes, and all rules that its bytes alone can break. */
function readBlock(bytes) {
  const block = readBlockHeader(bytes);
  need(block.length <= bytes.length, 'the file ends within the block');
  const c = new Cursor(bytes.subarray(0, block.length), 'the block');
  c.take(BlockHeaderSize);
  for (let seqno = block.first; seqno <= block.last; seqno++) {
    block.entries.push(about(seqno, () => readEntry(c, block, seqno)));
  }
  return about(block.last, () => {
    c.end();
    need(block.first !== 1n || block.last === 2n, 'the genesis block has two entries');
    block.signature = readSignature(block);
    return block;
  });
}

// Who has stored earlier blocks, each signed by itself: "Acknowledgements".
function readAcknowledgements(c) {
  const [start, what] = [c.at, 'the acknowledgements'];
  const count = c.u8();
  need(count >= 1 && count <= 64, `${what}: of ${count} blocks`);
  const read = [];
  for (let i = 0; i < count; i++) {
    const one = { view: c.u64(), seqno: c.u64(), by: [] };
    need(one.view < 1n << 32n && one.seqno <= SeqnoMax && (i === 0 || read[i - 1].seqno < one.seqno), `${what}: order`);
    const nodes = c.u8();
    need(nodes >= 1 && nodes <= 64, `${what}: of ${nodes} nodes`);
    for (let last = null; one.by.length < nodes;) {
      const [key, signature] = [160, 132].map((most) => {
        const length = c.u16();
        need(length >= 1 && length <= most, `${what}: ${length} bytes`);
        return c.take(length);
      });
      const id = sha256(key);
      need(last === null || Buffer.compare(last, id) < 0, `${what}: nodes out of order`);
      last = id;
      one.by.push({ key, signature });
    }
    read.push(one);
  }
  need(c.at - start <= 65536, `${what}: too large`);
  return read;
}

function readSignature({ entries, first, view, last }) {
  const c = new Cursor(entries.at(-1).publicPart, 'the signature transaction');
  const version = c.version(2);
  const signature = {
    root: c.digest(), node: certificate(c.take(c.u16()), 'the node certificate'),
    nodeSignature: c.take(c.u16()), cose: coseSign1(c.take(c.u16()), 'the service signature'),
  };
  const [size, count] = [c.u64(), c.u8()];
  need(size === first && count === size.toString(2).replaceAll('0', '').length, `a frontier of ${count} peaks`);
  signature.frontier = new Tree(size, Array.from({ length: count }, () => c.digest()));
  const start = c.at;
  signature.acknowledgements = version === 2 ? readAcknowledgements(c) : [];
  c.end();

  const said = protectedHeader(signature.cose, 6, 3, 'the service signature');
  const { cbor } = said;
  cbor.expect(6);
  const seconds = cbor.head(0);
  cbor.expect(395, 2, 'ccf.v1');
  cbor.map(1);
  cbor.expect('txid', `${view}.${last}`, 'curia.v1');
  cbor.map(version === 2 ? 3 : 2);
  cbor.expect('time');
  const time = cbor.head(0);
  cbor.expect('committed');
  const committed = cbor.text();
  if (version === 2) {
    cbor.expect('acknowledgements');
    need(cbor.byteString().equals(sha256(c.bytes.subarray(start))), 'the acknowledgements are not those that were signed');
  }
  cbor.end();
  need(time / 1000n === seconds, 'seconds and milliseconds of the signature differ');
  return { ...signature, said, time, committed, committedSeqno: seqnoOf(committed, 'the service signature') };
}

/** What a block proves without any other: its root over its own frontier and leaves, and the signature of its node. */
function checkBlockAlone({ entries, signature, nodeId, last }) {
  const tree = new Tree(signature.frontier.size, [...signature.frontier.peaks]);
  for (const entry of entries.slice(0, -1)) tree.append(entry.leaf);
  about(last, () => {
    need(tree.root().equals(signature.root), 'the signed root is not that of the leaves');
    need(signature.node.id.equals(nodeId), 'the key of the node certificate is not that of the node id');
    need(verifyDigest(signature.node, signature.root, signature.nodeSignature), 'the node signature is wrong');
  });
  tree.append(entries.at(-1).leaf);
  return tree;
}

module.exports = {
  BlockHeaderSize, BlockSizeMax, Tree, Type, checkBlockAlone, readBlock, readBlockHeader, readEntry, txid, writeSetPart,
};
