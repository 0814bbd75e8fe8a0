import { useCallback, useEffect, useId, useRef, useState } from 'react';
import type { UnixNano } from '../../model/nano';
import { presets, rangeEnds, rangeName, type TimeRange } from '../../model/timeRange';
import { parseRange, writeRange } from '../../model/timeText';
import { Icon } from '../../ui/Icon';
import { useDismiss } from '../../ui/useDismiss';

/** The range as it is typed; what it was read as, or what is wrong with it, stands below while typing. */
function Typed({ range, now, choose }: { readonly range: TimeRange; readonly now: UnixNano; readonly choose: (range: TimeRange) => void }) {
  const [text, setText] = useState(() => writeRange(range, now));
  const [touched, setTouched] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const read = parseRange(text, now);
  const wrong = touched && !read.ok;
  return (
    <form
      className="typed"
      onSubmit={(event) => {
        event.preventDefault();
        setTouched(true);
        if (read.ok) choose(read.range);
      }}
    >
      <label>
        <span className="lbl">Time range</span>
        <span className={wrong ? 'input bad' : 'input'}>
          <input
            ref={field}
            autoFocus
            type="text"
            autoComplete="off"
            spellCheck={false}
            aria-invalid={wrong}
            aria-describedby="range-read"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setTouched(true);
            }}
          />
          <kbd>Enter</kbd>
        </span>
      </label>
      <p id="range-read" className={wrong ? 'errt xs' : 'f3 xs'} role={wrong ? 'alert' : undefined}>
        {!read.ok ? (touched ? read.message : '') : read.range.kind === 'between' ? rangeEnds(read.range, now) : rangeName(read.range)}
      </p>
    </form>
  );
}

const examples = ['last 90m', '14:00 - 14:30', 'yesterday', '2026-11-20 14:00 to now'];

/** When: a preset, or any range that is typed. */
export function TimeMenu({ range, now, change }: { readonly range: TimeRange; readonly now: UnixNano; readonly change: (range: TimeRange) => void }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = useCallback(() => setOpen(false), []);
  useDismiss(open, box, close);
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
          <Typed range={range} now={now} choose={choose} />
          <p className="f3 xs egs">
            {examples.map((example) => (
              <code key={example} className="mono">
                {example}
              </code>
            ))}
          </p>
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
        </div>
      )}
    </div>
  );
}
