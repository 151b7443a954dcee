// Reading bytes strictly: every length is checked, and nothing may be left over. Numbers of 8 bytes are BigInt.
'use strict';

const { createHash } = require('node:crypto');

/** What the pages refuse. `seqno` is filled in by whoever knows it. */
class Refusal extends Error {}

function refuse(reason) {
  throw new Refusal(reason);
}

function need(holds, reason) {
  if (!holds) refuse(reason);
}

/** Runs a check whose refusal is about one seqno. */
function about(seqno, check) {
  try {
    return check();
  } catch (error) {
    if (error instanceof Refusal) error.seqno ??= seqno;
    throw error;
  }
}

/** The reason for which a check refuses, or null when it does not. */
function refusalOf(check) {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

class Cursor {
  constructor(bytes, what) {
    this.bytes = bytes;
    this.what = what;
    this.at = 0;
  }

  take(count) {
    need(count <= this.bytes.length - this.at, `${this.what} ends too early`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  u8() { return this.take(1)[0]; }
  u16() { return this.take(2).readUInt16BE(); }
  u32() { return this.take(4).readUInt32BE(); }
  u64() { return this.take(8).readBigUInt64BE(); }
  digest() { return this.take(32); }
  rest() { return this.take(this.bytes.length - this.at); }

  version(newest = 1) {
    const version = this.u8();
    need(version >= 1 && version <= newest, `${this.what} has version ${version}`);
    return version;
  }

  end() {
    need(this.at === this.bytes.length, `${this.what} has ${this.bytes.length - this.at} bytes behind its end`);
  }
}

/** Deterministic CBOR (RFC 8949 section 4.2.1): what is read here has one encoding. */
class Cbor extends Cursor {
  head(major) {
    const first = this.u8();
    need(first >> 5 === major, `${this.what}: CBOR type ${first >> 5} instead of ${major}`);
    const info = first & 31;
    if (info < 24) return BigInt(info);
    need(info < 28, `${this.what}: a CBOR length without an end`);
    const size = 1 << (info - 24);
    const value = BigInt(`0x${this.take(size).toString('hex')}`);
    need(value >= (size === 1 ? 24n : 1n << BigInt(size * 4)), `${this.what}: a CBOR number that could be shorter`);
    return value;
  }

  integer() {
    return this.bytes[this.at] >> 5 === 1 ? -1n - this.head(1) : this.head(0);
  }

  /** Numbers and names that must be there, one after the other. */
  expect(...values) {
    for (const value of values) {
      const read = typeof value === 'number' ? Number(this.integer()) : this.text();
      need(read === value, `${this.what}: ${JSON.stringify(read)} instead of ${value}`);
    }
  }

  map(size) {
    need(this.head(5) === BigInt(size), `${this.what}: a map of another size than ${size}`);
  }

  byteString() {
    return this.take(Number(this.head(2)));
  }

  text() {
    const bytes = this.take(Number(this.head(3)));
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return refuse(`${this.what}: text that is not UTF-8`);
    }
  }
}

module.exports = { Cbor, Cursor, Refusal, about, need, refusalOf, refuse, sha256 };
