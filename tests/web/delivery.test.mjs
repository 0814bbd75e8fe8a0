// How the server gives out the page: what it caches, how it compresses, and what it never answers with the page.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import zlib from 'node:zlib';
import { startServer } from './support/server.mjs';

let server, script;
/** fetch decompresses by itself; here the bytes as they came are wanted. */
const get = (path, headers = {}, method = 'GET') =>
  new Promise((resolve, reject) => {
    http
      .request(`${server.http}${path}`, { method, headers }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
      })
      .on('error', reject)
      .end();
  });

before(async () => {
  server = await startServer();
  script = /src="(\/assets\/[^"]+\.js)"/.exec((await get('/')).body.toString())[1];
});
after(() => server?.stop());

it('answers its own routes with the page, and never from a cache without asking', async () => {
  for (const path of ['/', '/search?q=a', '/trace/4bf92f3577b34da6a3ce929d0e0e4736', '/grafana']) {
    const { status, headers, body } = await get(path);
    assert.equal(status, 200, path);
    assert.match(headers['content-type'], /^text\/html/);
    assert.equal(headers['cache-control'], 'no-cache');
    assert.match(body.toString(), /<div id="root">/);
    assert.match(headers['content-security-policy'], /default-src 'self'/);
  }
});

describe('what is not its own', () => {
  for (const path of ['/nowhere', '/trace', '/trace/a/b', '/assets/nowhere.js', '/assets/../index.html.br', '/index.html.br', '/api', '/api/v1/nowhere', '/v1/traces', '/health', '/tempo/x', '/grafana/x', '/%2e%2e/web/index.html', '/search/'.repeat(3)])
    it(`${path} is not the page`, async () => {
      const { status, body } = await get(path);
      assert.ok(status === 404 || status === 400, `${status}`);
      assert.doesNotMatch(body.toString(), /<div id="root">/);
    });
});

it('tells a browser with the page that an address is nowhere, and only a browser that goes there', async () => {
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
  for (const path of ['/nothing/here', '/trace', '/trace/a/b']) {
    const { status, headers, body } = await get(path, { accept });
    assert.deepEqual([status, headers['content-type'], headers['cache-control']], [404, 'text/html; charset=utf-8', 'no-store'], path);
    assert.match(body.toString(), /<div id="root">/);
  }
  for (const [path, method] of [['/api', 'GET'], ['/api/v1/nowhere', 'GET'], ['/v1/nowhere', 'GET'], ['/health', 'GET'], ['/tempo/x', 'GET'], ['/grafana/x', 'GET'], ['/assets/nowhere.js', 'GET'], ['/nothing/here', 'POST']]) {
    const { headers, body } = await get(path, { accept }, method);
    assert.doesNotMatch(`${headers['content-type']} ${body}`, /text\/html|<div id="root">/, path);
  }
  assert.match((await get('/nothing/here', { accept: '*/*' })).headers['content-type'], /^text\/plain/);
});

it('files with a digest in their name may be kept forever, the page is asked for by its tag', async () => {
  const asset = await get(script);
  assert.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.match(asset.headers['content-type'], /^text\/javascript/);
  const page = await get('/');
  const again = await get('/', { 'if-none-match': page.headers.etag });
  assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, page.headers.etag]);
  assert.equal((await get('/', { 'if-none-match': '"other"' })).status, 200);
});

describe('compression', () => {
  const decode = { br: zlib.brotliDecompressSync, gzip: zlib.gunzipSync, identity: (bytes) => bytes };
  for (const [accept, expected] of [
    [undefined, 'identity'], ['gzip, deflate, br', 'br'], ['gzip', 'gzip'], ['br;q=0.5, gzip;q=0.9', 'gzip'], ['br;q=0, gzip', 'gzip'], ['br;q=0, gzip;q=0', 'identity'],
    ['*', 'br'], ['*;q=0', 'identity'], ['identity', 'identity'], ['identity;q=1, br;q=0.2', 'identity'], ['deflate, zstd', 'identity'], ['GZIP', 'gzip'], ['br;q=nonsense', 'identity'],
  ])
    it(`Accept-Encoding ${accept ?? '(none)'} gets ${expected}`, async () => {
      const plain = await get(script);
      const { headers, body } = await get(script, accept === undefined ? {} : { 'accept-encoding': accept });
      assert.equal(headers['content-encoding'] ?? 'identity', expected);
      assert.equal(Number(headers['content-length']), body.length);
      assert.equal(headers.vary, 'Accept-Encoding');
      assert.deepEqual(decode[expected](body), plain.body);
      if (expected !== 'identity') assert.notEqual(headers.etag, plain.headers.etag);
    });
});

it('HEAD says what GET would, without the body', async () => {
  for (const path of ['/', script]) {
    const [full, head] = [await get(path, { 'accept-encoding': 'br' }), await get(path, { 'accept-encoding': 'br' }, 'HEAD')];
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    for (const name of ['content-type', 'content-length', 'content-encoding', 'etag', 'cache-control']) assert.equal(head.headers[name], full.headers[name], `${name} of ${path}`);
  }
});

it('other methods are not allowed', async () => {
  assert.equal((await get('/search', { 'content-type': 'application/json' }, 'DELETE')).status, 405);
});
