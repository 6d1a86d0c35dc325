// Run by independent.go: one question as JSON on standard input, one answer as JSON on standard output.
'use strict';
const crypto = require('crypto');
const ece = require(process.argv[1]);
const q = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const bytes = (s) => Buffer.from(s || '', 'base64');
const own = crypto.createECDH('prime256v1');

function verify(token, point) {
  const [head, claims, signature] = token.split('.');
  const x = point.subarray(1, 33).toString('base64url');
  const y = point.subarray(33).toString('base64url');
  const key = crypto.createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  const good = crypto.verify('sha256', Buffer.from(head + '.' + claims), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  if (!good || JSON.parse(Buffer.from(head, 'base64url')).alg !== 'ES256') {
    throw new Error('the signature does not hold');
  }
  return JSON.parse(Buffer.from(claims, 'base64url'));
}

function answer() {
  switch (q.do) {
    case 'decrypt':
      own.setPrivateKey(bytes(q.private));
      return { plain: ece.decrypt(bytes(q.body), { version: 'aes128gcm', privateKey: own, authSecret: bytes(q.auth) }).toString('base64') };
    case 'encrypt':
      own.generateKeys();
      return { body: ece.encrypt(bytes(q.body), { version: 'aes128gcm', privateKey: own, dh: bytes(q.public), authSecret: bytes(q.auth) }).toString('base64') };
    default:
      return verify(q.token, bytes(q.public));
  }
}

console.log(JSON.stringify(answer()));
