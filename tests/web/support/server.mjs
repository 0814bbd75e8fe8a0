// Starts the real server on free ports with a data directory of its own, and ends it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { patience } from './patience.mjs';

const dll = process.env.THROUGHLINE_SERVER_DLL ?? fileURLToPath(new URL('../../../src/Throughline.Server/bin/Release/net10.0/throughline.dll', import.meta.url));

/** Resolves once the server takes spans. `options` are added to its command line. */
export async function startServer(options = []) {
  const data = await fs.mkdtemp(path.join(os.tmpdir(), 'throughline-page-'));
  const any = 'http://127.0.0.1:0';
  const child = spawn('dotnet', [dll, 'server', '--data', data, '--http', any, '--otlp-grpc', any, '--otlp-http', any, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  child.stderr.setEncoding('utf8').on('data', (text) => said.push(text));
  const exited = once(child, 'exit');
  // A test run that is broken off must not leave its server behind.
  const leave = () => child.kill('SIGKILL');
  process.once('exit', leave);
  void exited.then(() => process.off('exit', leave));
  let late;
  const addresses = await new Promise((resolve, reject) => {
    late = setTimeout(() => {
      leave();
      reject(new Error(`the server did not listen within ${patience / 1000} s:\n${said.join('')}`));
    }, patience);
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(`${line}\n`);
      const match = /^listening: http=(\S+) otlp-grpc=(\S+) otlp-http=(\S+)/.exec(line);
      if (match !== null) resolve({ http: match[1].replace(/\/$/, ''), otlpHttp: match[3].replace(/\/$/, '') });
    });
    exited.then(() => reject(new Error(`the server ended before it listened:\n${said.join('')}`)));
  }).finally(() => clearTimeout(late));
  const end = async (signal) => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await exited;
    }
  };
  return {
    ...addresses,
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGTERM');
      await fs.rm(data, { recursive: true, force: true });
    },
    /** Sends spans as OTLP JSON; they are stored, and to be found, when this returns. */
    async send(request) {
      const response = await fetch(`${addresses.otlpHttp}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) });
      const body = await response.text();
      if (response.status !== 200 || /rejectedSpans/.test(body)) throw new Error(`the server did not take the spans: ${response.status} ${body}`);
    },
    /** The same for metrics. */
    async sendMetrics(request) {
      const response = await fetch(`${addresses.otlpHttp}/v1/metrics`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) });
      const body = await response.text();
      if (response.status !== 200 || body !== '{}') throw new Error(`the server did not take the metrics: ${response.status} ${body}`);
    },
    async get(route) {
      const response = await fetch(`${addresses.http}${route}`);
      if (!response.ok) throw new Error(`${route} answered ${response.status}: ${await response.text()}`);
      return response.json();
    },
  };
}
