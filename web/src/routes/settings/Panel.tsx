import { useId, type ReactNode } from 'react';

/** A part of the screen with its title; `note` stands beside it. */
export function Panel({ title, note, wide = false, children }: { readonly title: string; readonly note?: ReactNode; readonly wide?: boolean; readonly children: ReactNode }) {
  const id = useId();
  return (
    <section className={wide ? 'pan wide' : 'pan'} aria-labelledby={id}>
      <div className="panh">
        <h3 id={id} className="strong">
          {title}
        </h3>
        {note !== undefined && <span className="f3 xs">{note}</span>}
      </div>
      {children}
    </section>
  );
}

/** Names and values; a value may have a note below it. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode, note?: string | undefined])[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value, note]) => (
        <div key={name}>
          <dt className="f2">{name}</dt>
          <dd>
            <span className="num">{value}</span>
            {note !== undefined && <span className="f3 xs"> {note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
