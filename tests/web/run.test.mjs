// What a newcomer does: ./run, open the page, follow one real image through the real pipeline, Ctrl-C.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, openPage } from './support/page.mjs';

const script = fileURLToPath(new URL('../../run', import.meta.url));
const patience = 180_000;

let data, child, exited, browser, http;
const said = [];

/** Resolves with the match once a line of ./run's output has one; rejects when it ends before. */
const line = (pattern) =>
  new Promise((resolve, reject) => {
    const look = () => {
      const match = said.join('').match(pattern);
      if (match !== null) resolve(match);
    };
    child.stdout.on('data', look);
    exited.then(([code]) => reject(new Error(`./run ended with ${code} before it said ${pattern}:\n${said.join('')}`)));
    look();
  });

before(async () => {
  data = await fs.mkdtemp(path.join(os.tmpdir(), 'throughline-run-'));
  const any = 'http://127.0.0.1:0';
  child = spawn(script, ['--data', data, '--http', any, '--otlp-grpc', any, '--otlp-http', any], { cwd: os.tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => said.push(text));
  exited = once(child, 'exit');
  http = (await line(/^listening: http=(\S+) otlp-grpc=\S+ otlp-http=\S+$/m))[1].replace(/\/$/, '');
  browser = await launch();
});
after(async () => {
  await browser?.close();
  if (child?.exitCode === null) {
    child.kill('SIGTERM');
    await exited;
  }
  await fs.rm(data, { recursive: true, force: true });
});

const get = async (route) => {
  const response = await fetch(`${http}${route}`);
  assert.equal(response.status, 200, `${route} answered ${response.status}`);
  return response.json();
};

/**
 * Asks the server until a trace has all these operations, each as `operation` or `operation of service`. The pipeline needs its time for detection,
 * batch window and analysis, and each service sends its spans when it likes.
 */
async function traceWith(...operations) {
  const deadline = Date.now() + patience;
  for (;;) {
    const { traces } = await get(`/api/v1/search?operation=${encodeURIComponent(operations[0])}`);
    for (const { traceId } of traces) {
      const { columns, names, services } = await get(`/api/v1/traces/${traceId}`);
      const there = new Set(columns.name.flatMap((name, row) => [names[name], `${names[name]} of ${services[columns.service[row]]}`]));
      if (operations.every((operation) => there.has(operation))) return traceId;
    }
    assert.ok(Date.now() < deadline, `no trace with ${operations.join(', ')} after ${patience / 1000} s:\n${said.join('')}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

// What a service's last span of an image is: those below it have been sent before it.
const whole = ['save_event', 'analyze_batch of hsi-nemotron', 'detect_objects of hsi-yolo26'];

describe('./run', () => {
  it('prints the address of the page', async () => {
    assert.equal((await line(/^open (\S+) in a browser/m))[1].replace(/\/$/, ''), http);
  });

  it('shows real images of the pipeline in the list of traces', async () => {
    await traceWith('Process Detection');
    const opened = await openPage(browser, http);
    const row = opened.page.getByRole('grid', { name: 'Traces' }).getByText('Process Detection', { exact: true }).first();
    await row.waitFor({ timeout: patience });
    assert.deepEqual(await opened.violations(), []);
    assert.deepEqual(opened.complaints, []);
    await opened.close();
  });

  it('draws the whole way of an image, from upload to event', async () => {
    const opened = await openPage(browser, `${http}/trace/${await traceWith(...whole)}`);
    const tree = opened.page.getByRole('treegrid');
    await tree.waitFor({ timeout: patience });
    for (const name of ['Process Detection', 'receive_image', 'detect_objects', 'preprocess', 'inference', 'postprocess', 'batch_detection', 'batch_wait',
      'analyze_batch', 'build_prompt', 'llm_inference', 'parse_response', 'save_event', 'db_query', 'http_request'])
      await tree.getByText(name, { exact: true }).first().waitFor({ timeout: patience });
    assert.deepEqual(await opened.violations(), []);
    assert.deepEqual(opened.complaints, []);
    if (process.env.SCREENSHOTS) await opened.page.screenshot({ path: path.join(process.env.SCREENSHOTS, 'run-trace.png') });
    await opened.close();
  });

  it('has each service under its own name', async () => {
    const { services } = await get('/api/v1/services');
    assert.deepEqual(services.map((service) => service.name).sort(), ['hsi-backend', 'hsi-nemotron', 'hsi-yolo26']);
  });

  it('ends cleanly, and takes everything that it started along', async () => {
    const services = said.join('').match(/hsi-backend (\S+) \(.*hsi-yolo26 (\S+), hsi-nemotron (\S+);/);
    assert.notEqual(services, null);
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null], said.join(''));
    for (const address of [http, ...services.slice(1)]) await assert.rejects(fetch(address), `something still listens at ${address}`);
  });
});
