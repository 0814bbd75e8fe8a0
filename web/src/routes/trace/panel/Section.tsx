import { useState, type ReactNode } from 'react';
import { Icon } from '../../../ui/Icon';

/** A part of the panel that can be closed; which parts are closed lasts while the panel is open. */
export function Section({ title, note, tools, initiallyOpen = true, children }: { readonly title: string; readonly note?: ReactNode; readonly tools?: ReactNode; readonly initiallyOpen?: boolean; readonly children: ReactNode }) {
  const [open, setOpen] = useState(initiallyOpen);
  return (
    <section aria-label={title}>
      <h3>
        <button type="button" className="sechead" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? 'down' : 'right'} />
          <span>{title}</span>
          <span className="f3 trunc num">{note}</span>
        </button>
        {open && tools}
      </h3>
      {open && children}
    </section>
  );
}
