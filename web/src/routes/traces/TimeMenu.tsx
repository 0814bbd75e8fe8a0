import { useEffect, useId, useRef, useState } from 'react';
import { millisOf, unixNanoFromMillis, type UnixNano } from '../../model/nano';
import { boundsOf, presets, rangeEnds, rangeName, type TimeRange } from '../../model/timeRange';
import { Icon } from '../../ui/Icon';

/** What a datetime-local field holds: local time without a zone. */
function fieldText(time: UnixNano): string {
  const millis = millisOf(time);
  return new Date(millis - new Date(millis).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function fieldTime(text: string): UnixNano | null {
  const millis = new Date(text).getTime();
  return text === '' || Number.isNaN(millis) || millis < 0 ? null : unixNanoFromMillis(millis);
}

function Absolute({ range, now, choose }: { readonly range: TimeRange; readonly now: UnixNano; readonly choose: (range: TimeRange) => void }) {
  const bounds = boundsOf(range, now);
  const [from, setFrom] = useState(() => fieldText(bounds.from ?? unixNanoFromMillis(millisOf(now) - 3_600_000)));
  const [to, setTo] = useState(() => fieldText(bounds.to ?? now));
  const [start, end] = [fieldTime(from), fieldTime(to)];
  const wrong = start === null || end === null ? 'Give both ends' : start >= end ? 'The end must be after the start' : null;
  return (
    <form
      className="between"
      onSubmit={(event) => {
        event.preventDefault();
        if (start !== null && end !== null && start < end) choose({ kind: 'between', from: start, to: end });
      }}
    >
      <label>
        <span className="lbl">From</span>
        <span className="input">
          <input type="datetime-local" step="1" value={from} onChange={(event) => setFrom(event.target.value)} />
        </span>
      </label>
      <label>
        <span className="lbl">To</span>
        <span className="input">
          <input type="datetime-local" step="1" value={to} onChange={(event) => setTo(event.target.value)} />
        </span>
      </label>
      <div className="line">
        <button type="submit" className="btn" disabled={wrong !== null}>
          Apply
        </button>
        <span className="errt xs" role="alert">
          {wrong}
        </span>
      </div>
    </form>
  );
}

export function TimeMenu({ range, now, change }: { readonly range: TimeRange; readonly now: UnixNano; readonly change: (range: TimeRange) => void }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && box.current?.contains(event.target) === false) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);
  const choose = (next: TimeRange): void => {
    setOpen(false);
    button.current?.focus();
    change(next);
  };
  return (
    <div
      ref={box}
      className="tm"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return;
        event.preventDefault();
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button ref={button} type="button" className="btn" aria-haspopup="true" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <Icon name="clock" />
        {range.kind === 'between' ? null : <span>{rangeName(range)}</span>}
        <span className={range.kind === 'between' ? 'num' : 'f3 num wide'}>{rangeEnds(range, now)}</span>
        <Icon name="down" />
      </button>
      {open && (
        <div id={id} className="pop tmpop" role="group" aria-label="Time range">
          <ul>
            {presets.map((preset) => (
              <li key={preset.id}>
                <button type="button" aria-pressed={range.kind === 'last' && range.preset === preset.id} onClick={() => choose({ kind: 'last', preset: preset.id })}>
                  {preset.name}
                </button>
              </li>
            ))}
            <li>
              <button type="button" aria-pressed={range.kind === 'all'} onClick={() => choose({ kind: 'all' })}>
                All time
              </button>
            </li>
          </ul>
          <Absolute range={range} now={now} choose={choose} />
        </div>
      )}
    </div>
  );
}
