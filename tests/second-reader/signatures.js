// Certificates, ECDSA and COSE_Sign1, as docs/ledger-format.md and RFC 9052 say.
'use strict';

const { X509Certificate, createECDH, createPublicKey, verify } = require('node:crypto');
const { Cbor, need, refuse, sha256 } = require('./bytes.js');

const curves = {
  prime256v1: {
    algorithm: -7, hash: 'sha256', size: 32, prime: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  secp384r1: {
    algorithm: -35, hash: 'sha384', size: 48, prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    order: 2n ** 384n - 0x389cb27e0bc8d220a7e5f24db74f58851313e695333ad68dn,
  },
  secp521r1: {
    algorithm: -36, hash: 'sha512', size: 66, prime: 2n ** 521n - 1n,
    order: 2n ** 521n - 0x5ae79787c40d069948033feb708f65a2fc44a36477663b851449048e16ec79bf7n,
  },
};

/** A certificate: its bytes, key, and the id of its key. Reads DER and nothing behind it. */
function certificate(bytes, what) {
  let parsed;
  let key;
  try {
    parsed = new X509Certificate(bytes);
    key = parsed.publicKey;
  } catch {
    refuse(`${what} is not a certificate`);
  }
  need(parsed.raw.equals(bytes), `${what} is not DER to its end`);
  const curve = curves[key.asymmetricKeyDetails?.namedCurve];
  need(key.asymmetricKeyType === 'ec' && curve, `${what} has a key that is not on P-256, P-384 or P-521`);
  const spki = key.export({ type: 'spki', format: 'der' });
  const issuedBy = (issuer) => {
    try {
      return parsed.verify(issuer.key);
    } catch {
      return false;
    }
  };
  return { bytes, key, curve, curveName: key.asymmetricKeyDetails.namedCurve, spki, id: sha256(spki), issuedBy };
}

const number = (bytes) => BigInt(`0x${bytes.toString('hex')}`);

function power(base, exponent, modulus) {
  let result = 1n;
  for (let b = base % modulus, e = exponent; e > 0n; e >>= 1n, b = (b * b) % modulus) {
    if (e & 1n) result = (result * b) % modulus;
  }
  return result;
}

// Points in Jacobian coordinates (x/z², y/z³); null is the point at infinity. All three curves have a = -3.
function twice(point, p) {
  if (point === null || point[1] === 0n) return null;
  const [x, y, z] = point;
  const zz = (z * z) % p;
  const yy = (y * y) % p;
  const b = (x * yy) % p;
  const a = (3n * (x - zz) * (x + zz)) % p;
  const nx = (a * a - 8n * b) % p;
  return [nx, (a * (4n * b - nx) - 8n * yy * yy) % p, (2n * y * z) % p];
}

function sum(left, right, p) {
  if (left === null || right === null) return left ?? right;
  const [x1, y1, z1] = left;
  const [x2, y2, z2] = right;
  const u = (x1 * z2 * z2) % p;
  const s = (y1 * z2 * z2 * z2) % p;
  const h = (x2 * z1 * z1 - u) % p;
  const r = (y2 * z1 * z1 * z1 - s) % p;
  if (h === 0n) return r === 0n ? twice(left, p) : null;
  const hh = (h * h) % p;
  const nx = (r * r - h * hh - 2n * u * hh) % p;
  return [nx, (r * (u * hh - nx) - s * h * hh) % p, (h * z1 * z2) % p];
}

/**
 * ECDSA with a digest that is already there (FIPS 186-5 section 6.4.2). node:crypto always hashes first, and the node
 * signs the root as it is.
 */
/** Whether a key, as SubjectPublicKeyInfo, has signed a message with r and s of fixed size. */
function verifyMessage(spki, message, signature) {
  try {
    const key = createPublicKey({ key: spki, type: 'spki', format: 'der' });
    const curve = curves[key.asymmetricKeyDetails?.namedCurve];
    return Boolean(curve) && signature.length === 2 * curve.size
      && verify(curve.hash, message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}

function verifyDigest({ key, curve, curveName }, digest, signature) {
  const { prime, order, size } = curve;
  if (signature.length !== 2 * size) return false;
  const r = number(signature.subarray(0, size));
  const s = number(signature.subarray(size));
  if (r === 0n || r >= order || s === 0n || s >= order) return false;
  const w = power(s, order - 2n, order);
  const us = [(number(digest) * w) % order, (r * w) % order];
  const one = createECDH(curveName);
  one.setPrivateKey(Buffer.from('01'.padStart(2 * size, '0'), 'hex'));
  const { x, y } = key.export({ format: 'jwk' });
  const generator = [1, 1 + size].map((at) => number(one.getPublicKey().subarray(at, at + size)));
  const points = [[...generator, 1n], [number(Buffer.from(x, 'base64url')), number(Buffer.from(y, 'base64url')), 1n]];
  let result = null;
  for (let bit = BigInt(8 * size); bit >= 0n; bit--) {
    result = twice(result, prime);
    us.forEach((u, i) => {
      if ((u >> bit) & 1n) result = sum(result, points[i], prime);
    });
  }
  if (result === null) return false;
  const zz = power(((result[2] % prime) + prime) * result[2], prime - 2n, prime);
  return (((result[0] * zz) % prime) + prime) % prime % order === r;
}

/** The parts of a detached COSE_Sign1 with tag 18, whose unprotected map is empty. */
function coseSign1(bytes, what) {
  const cbor = new Cbor(bytes, what);
  need(cbor.head(6) === 18n && cbor.head(4) === 4n, `${what}: no COSE_Sign1 with tag 18`);
  const header = cbor.byteString();
  cbor.map(0);
  need(cbor.u8() === 0xf6, `${what}: the payload is not null`);
  const signature = cbor.byteString();
  cbor.end();
  return { header, signature };
}

/** Reads the protected header of a signature or endorsement up to the label `curia.v1`. */
function protectedHeader({ header }, size, claims, what) {
  const cbor = new Cbor(header, what);
  cbor.map(size);
  cbor.expect(1);
  const said = { cbor, algorithm: Number(cbor.integer()) };
  need([-7, -35, -36].includes(said.algorithm), `${what}: algorithm ${said.algorithm}`);
  cbor.expect(4);
  said.keyId = cbor.byteString().toString('latin1');
  need(/^[0-9a-f]{64}$/.test(said.keyId), `${what}: label 4 is no key id`);
  cbor.expect(15);
  cbor.map(claims);
  for (const label of [1, 2]) {
    cbor.expect(label);
    said[label] = cbor.text();
    const bytes = Buffer.byteLength(said[label]);
    need(bytes >= 1 && bytes <= 256, `${what}: issuer or subject of ${bytes} bytes`);
  }
  return said;
}

/** Whether a COSE_Sign1 is by this key, names it, and signs this payload (RFC 9052 section 4.4). */
function verifyCose(said, { header, signature }, signer, payload, what) {
  need(said.keyId === signer.id.toString('hex'), `${what} names another service key`);
  need(said.algorithm === signer.curve.algorithm, `${what} has not the algorithm of the service key`);
  const string = (major, bytes) => {
    const size = bytes.length;
    const head = size < 24 ? [size] : size < 256 ? [24, size] : [25, size >> 8, size & 255];
    return Buffer.concat([Buffer.from([(major << 5) | head[0], ...head.slice(1)]), bytes]);
  };
  const signed = Buffer.concat([
    Buffer.from([0x84]), string(3, Buffer.from('Signature1')), string(2, header), string(2, Buffer.alloc(0)),
    string(2, payload)]);
  const key = { key: signer.key, dsaEncoding: 'ieee-p1363' };
  need(signature.length === 2 * signer.curve.size && verify(signer.curve.hash, signed, key, signature),
    `${what} is wrong`);
}

module.exports = { certificate, coseSign1, protectedHeader, verifyCose, verifyDigest, verifyMessage };
