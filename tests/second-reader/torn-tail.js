// docs/ledger-format.md, "Torn tail".
'use strict';

const { Cursor, refusalOf } = require('./bytes.js');
const { BlockHeaderSize, BlockSizeMax, Type, checkBlockAlone, readBlock, readBlockHeader, readEntry } =
  require('./blocks.js');

const SectorSize = 512;

/** Why what begins at an offset of the first of these files never became durable; null when it is damage. */
function torn(files, offset, seqno) {
  if (files.some(({ last }) => last !== null)) return null;
  const missing = whatIsMissing(files[0].bytes, offset);
  const saysOtherwise = ({ bytes }, i) => wholeBlocks(bytes, i === 0 ? offset + 1 : 0, seqno)
    .some((block) => committedBy(block) >= seqno);
  return missing !== null && files.some(saysOtherwise) ? null : missing;
}

function whatIsMissing(bytes, offset) {
  const rest = bytes.subarray(offset);
  const headerSize = offset === 0 ? 17 : BlockHeaderSize;
  if (rest.length < headerSize) return 'the file ends within a header';
  let length = offset === 0 ? headerSize : rest.readUInt32BE(1);
  if (offset > 0 && (rest[0] !== 1 || length < BlockHeaderSize || length > BlockSizeMax)) length = 5;
  const end = Math.min(offset + length, bytes.length);
  for (let sector = offset - (offset % SectorSize); sector < end; sector += SectorSize) {
    const part = bytes.subarray(Math.max(sector, offset), sector + SectorSize);
    if (!part.some(Boolean)) return 'a sector was never written';
  }
  if (end === bytes.length && !rest.subarray(-33).some(Boolean)) return 'the end of the file was never written';
  return length > rest.length && refusalOf(() => readAllEntries(rest)) ? 'the file ends within the block' : null;
}

function readAllEntries(bytes) {
  const block = readBlockHeader(bytes);
  const c = new Cursor(bytes.subarray(BlockHeaderSize), 'the block');
  for (let seqno = block.first; seqno <= block.last; seqno++) readEntry(c, block, seqno);
}

/** Whole blocks of later seqnos, wherever they begin. */
function wholeBlocks(bytes, from, after) {
  const found = [];
  for (let at = from; at + BlockHeaderSize <= bytes.length; at++) {
    if (bytes[at] !== 1 || bytes.readBigUInt64BE(at + 13) <= after) continue;
    refusalOf(() => {
      const block = readBlock(bytes.subarray(at));
      checkBlockAlone(block);
      found.push(block);
    });
  }
  return found;
}

/** The seqno up to which a block says that everything was committed. */
function committedBy({ entries, signature }) {
  if (entries[0].type !== Type.epoch) return signature.committedSeqno;
  const c = new Cursor(entries[0].publicPart, 'the epoch');
  c.take(c.u32() + 8);
  const continues = c.u64();
  return continues > signature.committedSeqno ? continues : signature.committedSeqno;
}

module.exports = { torn };
