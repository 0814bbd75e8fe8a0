import { createTraceState } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { SamplingDecision, type Sampler, type SamplingResult } from '@opentelemetry/sdk-trace-web';
import { isKept, thresholdOf, thresholdText } from '../model/sampling';

/** Keeps a share of the traces that begin here, by their ids, and says in the trace state which. */
export class ShareSampler implements Sampler {
  readonly #share: number;
  readonly #threshold: bigint;
  readonly #kept: SamplingResult;

  constructor(share: number) {
    this.#share = share;
    this.#threshold = thresholdOf(share);
    const text = thresholdText(this.#threshold);
    this.#kept = { decision: SamplingDecision.RECORD_AND_SAMPLED, ...(text === null ? {} : { traceState: createTraceState(`ot=th:${text}`) }) };
  }

  shouldSample(_: Context, traceId: string): SamplingResult {
    return isKept(traceId, this.#threshold) ? this.#kept : { decision: SamplingDecision.NOT_RECORD };
  }

  toString(): string {
    return `ShareSampler{${this.#share}}`;
  }
}
