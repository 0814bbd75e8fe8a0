import { useCallback, useId, useLayoutEffect, useRef, useState } from 'react';
import type { CheckAction, Verdict } from '../model/verdict';
import { CheckLine } from './Checks';
import { Icon } from './Icon';
import { useDismiss } from './useDismiss';
import './verdict.css';

const words = { complete: 'Complete', arriving: 'Still arriving', partial: 'Partial' } as const;
const actionName = (action: CheckAction): string => (action.kind === 'row' ? 'Show' : action.kind === 'refresh' ? 'Look again' : action.asSent ? 'Raw times' : 'Mend times');
/** Free space between the popup and the window's edge. */
const edge = 12;

/** One word; it opens the checks behind it. */
export function VerdictMenu({ verdict, act }: { readonly verdict: Verdict; readonly act: (action: CheckAction) => void }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const popup = useRef<HTMLDivElement>(null);
  const id = useId();
  useDismiss(open, box, useCallback(() => setOpen(false), []));
  // The word may stand anywhere in the line: the popup is held inside the window.
  useLayoutEffect(() => {
    const [element, anchor] = [popup.current, box.current];
    if (!open || element === null || anchor === null) return;
    const place = (): void => {
      const [{ left }, { width }] = [anchor.getBoundingClientRect(), element.getBoundingClientRect()];
      element.style.left = `${Math.round(Math.max(edge, Math.min(left, innerWidth - edge - width)) - left)}px`;
    };
    place();
    addEventListener('resize', place);
    return () => removeEventListener('resize', place);
  }, [open]);
  const doubts = verdict.checks.some((check) => check.level !== 'good');
  return (
    <span
      ref={box}
      className="verdict"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return;
        event.preventDefault();
        setOpen(false);
      }}
    >
      <button type="button" className={verdict.kind === 'partial' ? 'tag warn' : verdict.kind === 'arriving' ? 'tag live' : 'tag'} aria-expanded={open} aria-controls={open ? id : undefined} title="What was checked" onClick={() => setOpen(!open)}>
        {doubts && <Icon name={verdict.kind === 'arriving' ? 'clock' : 'warning'} />}
        {words[verdict.kind]}
      </button>
      {open && (
        <div ref={popup} id={id} className="pop vpop" role="group" aria-label="Is the trace complete?">
          <p className="vsay">{verdict.sentence}</p>
          <ul>
            {verdict.checks.map((check) => {
              const { action } = check;
              return (
                <CheckLine
                  key={check.title}
                  level={check.level}
                  title={check.title}
                  detail={check.detail}
                  action={
                    action === null ? undefined : (
                      <button
                        type="button"
                        className="btn"
                        onClick={() => {
                          setOpen(false);
                          act(action);
                        }}
                      >
                        {actionName(action)}
                      </button>
                    )
                  }
                />
              );
            })}
          </ul>
        </div>
      )}
    </span>
  );
}
