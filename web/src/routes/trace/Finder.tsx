import { useMemo, type RefObject } from 'react';
import { formatCount } from '../../model/format';
import { notchedServices } from '../../model/serviceColor';
import { spansByService, type Trace } from '../../model/trace';
import { Icon } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';
import type { TraceState } from './url';

export interface FinderProps {
  readonly trace: Trace;
  readonly state: TraceState;
  readonly change: (change: (old: TraceState) => TraceState) => void;
  readonly found: Int32Array;
  readonly finder: RefObject<HTMLInputElement | null>;
  readonly nextMatch: (direction: 1 | -1) => void;
  /** Where the focus goes when the reader leaves the search. */
  readonly leave: () => void;
}

/** The search for spans, with the way from match to match. */
export function Finder({ state, change, found, finder, nextMatch, leave }: FinderProps) {
  const at = found.indexOf(state.selected);
  return (
    <div className={state.text !== '' && found.length === 0 ? 'input find bad' : 'input find'} role="search">
      <Icon name="search" />
      <input
        ref={finder}
        type="search"
        aria-label="Find spans"
        placeholder="Find spans"
        spellCheck={false}
        value={state.text}
        onChange={(event) => {
          const text = event.target.value;
          change((old) => ({ ...old, text }));
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') nextMatch(event.shiftKey ? -1 : 1);
          if (event.key === 'Escape') {
            change((old) => ({ ...old, text: '' }));
            leave();
          }
        }}
      />
      {state.text === '' ? (
        <kbd>/</kbd>
      ) : (
        <>
          <span className="f3 xs num" role="status">
            {found.length === 0 ? 'none' : `${at < 0 ? '–' : formatCount(at + 1)} of ${formatCount(found.length)}`}
          </span>
          <span className="updown">
            <button type="button" aria-label="Previous match (N)" disabled={found.length === 0} onClick={() => nextMatch(-1)}>
              <Icon name="up" />
            </button>
            <button type="button" aria-label="Next match (n)" disabled={found.length === 0} onClick={() => nextMatch(1)}>
              <Icon name="down" />
            </button>
          </span>
        </>
      )}
    </div>
  );
}

/** The services of the trace: their colours, their spans, and whose are brought out. */
export function Legend({ trace, state, change }: Pick<FinderProps, 'trace' | 'state' | 'change'>) {
  const services = useMemo(() => spansByService(trace), [trace]);
  const notched = useMemo(() => notchedServices(trace.services), [trace]);
  const flip = (name: string): void =>
    change((old) => {
      const next = new Set(old.services);
      if (!next.delete(name)) next.add(name);
      return { ...old, services: next };
    });
  return (
    <div className="legend">
      {services.map((service) => (
        <button key={service.name} type="button" className="btn ghost svc" aria-pressed={state.services.has(service.name)} title={`Bring out the spans of ${service.name}`} onClick={() => flip(service.name)}>
          <ServiceDot name={service.name} notched={notched.has(service.name)} />
          <span className="f2">{service.name}</span> <span className="f3 num">{formatCount(service.spans)}</span>
        </button>
      ))}
    </div>
  );
}
