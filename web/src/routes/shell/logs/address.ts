import { writeValue } from '../../../model/filterText';
import type { LogEntry } from '../../../model/logs';
import type { UnixNano } from '../../../model/nano';

interface LogsAddress {
  readonly text?: string;
  readonly from?: UnixNano;
  readonly to?: UnixNano;
}

/** The Logs screen at a filter, in a time or over all of it. */
export function logsAddress({ text = '', from, to }: LogsAddress): string {
  const parameters = new URLSearchParams();
  if (text !== '') parameters.set('q', text);
  if (from !== undefined && to !== undefined) {
    parameters.set('from', String(from));
    parameters.set('to', String(to));
  } else parameters.set('range', 'all');
  return `/logs?${parameters}`;
}

export const serviceTerm = (service: string): string => `service=${writeValue(service)}`;

/** Where an entry leads to: its span, else its trace; null when it names none. */
export function spanAddress(entry: LogEntry): string | null {
  if (entry.traceId === null) return null;
  return entry.spanId === null ? `/trace/${entry.traceId}?tab=logs` : `/trace/${entry.traceId}?span=${entry.spanId}`;
}
