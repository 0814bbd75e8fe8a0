import { useEffect, useId, useRef, useState } from 'react';
import type { Verdict } from '../../model/verdict';
import { CheckLine } from '../../ui/Checks';
import { Icon } from '../../ui/Icon';

/** Complete or Partial; it opens the checks behind the word. */
export function VerdictMenu({ verdict, goTo }: { readonly verdict: Verdict; readonly goTo: (row: number) => void }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && box.current?.contains(event.target) === false) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
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
      <button type="button" className={verdict.complete ? 'tag' : 'tag warn'} aria-expanded={open} aria-controls={id} title="What was checked" onClick={() => setOpen(!open)}>
        {(!verdict.complete || doubts) && <Icon name="warning" />}
        {verdict.complete ? 'Complete' : 'Partial'}
      </button>
      {open && (
        <div id={id} className="pop vpop" role="group" aria-label="Is the trace complete?">
          <ul>
            {verdict.checks.map((check) => (
              <CheckLine
                key={check.title}
                level={check.level}
                title={check.title}
                detail={check.detail}
                action={
                  check.row === null ? undefined : (
                    <button
                      type="button"
                      className="btn"
                      onClick={() => {
                        setOpen(false);
                        goTo(check.row ?? -1);
                      }}
                    >
                      Show
                    </button>
                  )
                }
              />
            ))}
          </ul>
        </div>
      )}
    </span>
  );
}
