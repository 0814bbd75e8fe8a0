import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-web';

export interface QueueLimits {
  /** Spans that wait at most; what comes beyond is lost and counted. */
  readonly most: number;
  /** Spans of one request: few, because what is sent while a page goes away must stay under 64 kB in all. */
  readonly batch: number;
  /** How long a span waits for others. */
  readonly delayMillis: number;
}

const usual: QueueLimits = { most: 512, batch: 24, delayMillis: 2000 };

/**
 * Sends spans in batches, one request at a time, and counts those that are lost: the SDK's own batching drops without saying how many. Failures are the exporter's to try again, and nothing that the user is told of.
 */
export class ExportQueue implements SpanProcessor {
  readonly #exporter: SpanExporter;
  readonly #limits: QueueLimits;
  #waiting: ReadableSpan[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #draining: Promise<void> | null = null;
  #lost = 0;

  constructor(exporter: SpanExporter, limits: QueueLimits = usual) {
    this.#exporter = exporter;
    this.#limits = limits;
  }

  /** Spans that found no room, or that the server did not take. */
  get lost(): number {
    return this.#lost;
  }

  onStart(): void {
    // Spans are sent when they have ended.
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.#waiting.length >= this.#limits.most) {
      this.#lost++;
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= this.#limits.batch) void this.forceFlush();
    else this.#timer ??= setTimeout(() => void this.forceFlush(), this.#limits.delayMillis);
  }

  /** Sends what waits, one request after the other. */
  forceFlush(): Promise<void> {
    this.#stopTimer();
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null;
    });
    return this.#draining;
  }

  /** Sends what waits at once: there may be no later. */
  sendAll(): void {
    this.#stopTimer();
    while (this.#waiting.length > 0) void this.#send(this.#next());
  }

  async shutdown(): Promise<void> {
    await this.forceFlush();
    await this.#exporter.shutdown();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#send(this.#next());
  }

  #next(): readonly ReadableSpan[] {
    return this.#waiting.splice(0, this.#limits.batch);
  }

  #send(spans: readonly ReadableSpan[]): Promise<void> {
    return new Promise((resolve) => {
      this.#exporter.export([...spans], ({ code }) => {
        // ExportResultCode.SUCCESS
        if (code !== 0) this.#lost += spans.length;
        resolve();
      });
    });
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
