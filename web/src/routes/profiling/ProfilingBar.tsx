import { useState, type RefObject } from 'react';
import { unixNanoFromMillis, millisOf, type UnixNano } from '../../model/nano';
import { typeName, type ProfiledService, type ProfiledType, type ProfileLabel } from '../../model/profile';
import { rangeEnds, rangeName, type PresetId } from '../../model/timeRange';
import { Icon } from '../../ui/Icon';
import { earlier, type EarlierId, type ProfilingState } from './url';

const presets: readonly (readonly [id: PresetId, name: string])[] = [['15m', '15 min'], ['1h', '1 h'], ['6h', '6 h'], ['24h', '24 h'], ['7d', '7 d']];

interface BarProps {
  readonly state: ProfilingState;
  readonly services: readonly ProfiledService[];
  readonly service: string;
  readonly types: readonly ProfiledType[];
  readonly type: string;
  readonly labels: readonly ProfileLabel[];
  readonly now: UnixNano;
  readonly change: (next: Partial<ProfilingState>, replace?: boolean) => void;
  readonly finder: RefObject<HTMLInputElement | null>;
}

const local = (time: UnixNano): string => {
  const date = new Date(millisOf(time));
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
};
const instant = (text: string): UnixNano | null => {
  const millis = new Date(text).getTime();
  return Number.isFinite(millis) && millis > 0 ? unixNanoFromMillis(millis) : null;
};

/** Two times; they count once both are there and in order. */
function Between({ label, from, to, set }: { readonly label: string; readonly from: UnixNano; readonly to: UnixNano; readonly set: (from: UnixNano, to: UnixNano) => void }) {
  const [texts, setTexts] = useState<readonly [string, string]>([local(from), local(to)]);
  const put = (next: readonly [string, string]): void => {
    setTexts(next);
    const [a, b] = [instant(next[0]), instant(next[1])];
    if (a !== null && b !== null && a < b) set(a, b);
  };
  const [a, b] = [instant(texts[0]), instant(texts[1])];
  return (
    <span className="pbetween" role="group" aria-label={label}>
      <input type="datetime-local" step="1" aria-label={`${label}, from`} value={texts[0]} onChange={(event) => put([event.target.value, texts[1]])} />
      –
      <input type="datetime-local" step="1" aria-label={`${label}, to`} value={texts[1]} onChange={(event) => put([texts[0], event.target.value])} />
      {(a === null || b === null || a >= b) && <span className="errt">From has to be before to.</span>}
    </span>
  );
}

/** Which labels the samples have to have: those that are chosen, each with a button that lets it go, and the others to choose from. */
function Labels({ labels, chosen, change }: { readonly labels: readonly ProfileLabel[]; readonly chosen: readonly string[]; readonly change: (chosen: readonly string[]) => void }) {
  if (labels.length === 0 && chosen.length === 0) return null;
  // A series has a key once: another value of it would find nothing.
  const open = labels.filter((label) => !chosen.some((one) => one.startsWith(`${label.key}:`)));
  return (
    <span className="plabels" role="group" aria-label="Labels">
      {chosen.map((label) => (
        <button key={label} type="button" className="btn" aria-label={`Only ${label}; remove`} title="Remove this label" onClick={() => change(chosen.filter((one) => one !== label))}>
          <span className="trunc">{label}</span>
          <Icon name="close" />
        </button>
      ))}
      {open.length > 0 && (
        <select aria-label="Only with the label" value="" onChange={(event) => event.target.value !== '' && change([...chosen, event.target.value])}>
          <option value="">label…</option>
          {open.map((label) => (
            <optgroup key={label.key} label={label.count > label.values.length ? `${label.key} (${label.values.length} of ${label.count} values)` : label.key}>
              {label.values.map(({ value }) => (
                <option key={value} value={`${label.key}:${value}`}>
                  {value === '' ? '(empty)' : value}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      )}
    </span>
  );
}

/** What is looked at: range, service, type, what it is compared with, and the search. */
export function ProfilingBar({ state, services, service, types, type, labels, now, change, finder }: BarProps) {
  const { range, compared } = state;
  const hour = 3_600_000_000_000n;
  const ends = range.kind === 'between' ? range : { from: unixNanoFromMillis(millisOf(now) - Number(hour / 1_000_000n)), to: now };
  const compare = (choice: string): void => {
    if (choice === 'none') change({ compared: { kind: 'none' }, by: state.by === 'change' ? 'self' : state.by });
    else if (choice === 'between') change({ compared: { kind: 'between', from: unixNanoFromMillis(millisOf(ends.from) - millisOf(ends.to) + millisOf(ends.from)), to: ends.from }, by: 'change', descending: true });
    else change({ compared: { kind: 'earlier', by: choice === 'day' || choice === 'week' ? choice : ('before' satisfies EarlierId) }, by: 'change', descending: true });
  };
  return (
    <div className="ptools" role="toolbar" aria-label="Profiles">
      <label>
        <span className="f3">Service</span>
        <select value={service} onChange={(event) => change({ service: event.target.value, labels: [], zoom: '', follow: null })}>
          {!services.some((one) => one.service === service) && <option value={service}>{service === '' ? 'none' : service}</option>}
          {services.map((one) => (
            <option key={one.service} value={one.service}>
              {one.service}
            </option>
          ))}
        </select>
      </label>
      {types.length > 0 && (
        <div className="seg" role="group" aria-label="Type of profile">
          {types.map((one) => (
            <button key={`${one.type} ${one.unit}`} type="button" aria-pressed={one.type === type} title={`${one.type}, ${one.unit}`} onClick={() => change({ type: one.type, zoom: '' })}>
              {typeName(one.type)}
            </button>
          ))}
        </div>
      )}
      <Labels labels={labels} chosen={state.labels} change={(next) => change({ labels: next, zoom: '' })} />
      <div className="seg" role="group" aria-label="Time range">
        {presets.map(([id, name]) => (
          <button key={id} type="button" aria-pressed={range.kind === 'last' && range.preset === id} title={rangeName({ kind: 'last', preset: id })} onClick={() => change({ range: { kind: 'last', preset: id } })}>
            {name}
          </button>
        ))}
        <button type="button" aria-pressed={range.kind === 'all'} title="All time" onClick={() => change({ range: { kind: 'all' } })}>
          All
        </button>
        <button type="button" aria-pressed={range.kind === 'between'} title="From one time to another" onClick={() => change({ range: { kind: 'between', from: ends.from, to: ends.to } })}>
          Between
        </button>
      </div>
      {range.kind === 'between' ? <Between key={`${range.from}`.slice(0, 9)} label="Time range" from={range.from} to={range.to} set={(from, to) => change({ range: { kind: 'between', from, to } }, true)} /> : range.kind === 'last' && <span className="f2 num">{rangeEnds(range, now)}</span>}
      <label>
        <span className="f3">Compare with</span>
        <select value={compared.kind === 'earlier' ? compared.by : compared.kind} onChange={(event) => compare(event.target.value)}>
          <option value="none">nothing</option>
          {range.kind !== 'all' && Object.entries(earlier).map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
          <option value="between">another range…</option>
        </select>
      </label>
      {compared.kind === 'between' && <Between key={`${compared.from}`.slice(0, 9)} label="Range that is compared with" from={compared.from} to={compared.to} set={(from, to) => change({ compared: { kind: 'between', from, to } }, true)} />}
      <span className="grow" />
      <label className="input pfind">
        <Icon name="search" />
        <input ref={finder} type="search" aria-label="Find functions" placeholder="Find functions" value={state.text} onChange={(event) => change({ text: event.target.value }, true)} onKeyDown={(event) => event.key === 'Escape' && (state.text === '' ? event.currentTarget.blur() : change({ text: '' }, true))} />
      </label>
      <div className="seg" role="group" aria-label="Show as">
        {[false, true].map((table) => (
          <button key={String(table)} type="button" aria-pressed={state.table === table} onClick={() => change({ table })}>
            {table ? 'Table' : 'Flame graph'}
          </button>
        ))}
      </div>
    </div>
  );
}
