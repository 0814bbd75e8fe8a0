import { useId } from 'react';

/** A text field of the rules with its label; what is wrong with it stands below it, and is read with it. */
export function RuleField({ label, value, unit, placeholder = '', problem, wide = false, shown = true, onChange }: { readonly label: string; readonly value: string; readonly unit?: string; readonly placeholder?: string; readonly problem: string | undefined; readonly wide?: boolean; readonly shown?: boolean; readonly onChange: (value: string) => void }) {
  const id = useId();
  return (
    <div className={wide ? 'rf wide' : 'rf'}>
      <label htmlFor={id} className={shown ? 'f2 xs' : 'visually-hidden'}>
        {label}
      </label>
      <span className={problem === undefined ? 'input' : 'input bad'}>
        <input id={id} value={value} placeholder={placeholder} spellCheck={false} autoComplete="off" aria-invalid={problem !== undefined} aria-describedby={problem === undefined ? undefined : `${id}p`} onChange={(event) => onChange(event.target.value)} />
        {unit !== undefined && <span className="f3 xs">{unit}</span>}
      </span>
      {problem !== undefined && (
        <span id={`${id}p`} className="errt xs">
          {problem}
        </span>
      )}
    </div>
  );
}

/** A switch of the rules with its label. */
export function RuleCheck({ label, value, onChange }: { readonly label: string; readonly value: boolean; readonly onChange: (value: boolean) => void }) {
  return (
    <label className="rf rcheck">
      <span className="f2 xs">{label}</span>
      <input type="checkbox" checked={value} onChange={(event) => onChange(event.target.checked)} />
    </label>
  );
}

/** A choice of the rules with its label. */
export function RuleChoice<T extends string>({ label, value, choices, problem, onChange }: { readonly label: string; readonly value: T; readonly choices: readonly (readonly [value: T, text: string])[]; readonly problem: string | undefined; readonly onChange: (value: T) => void }) {
  const id = useId();
  return (
    <div className="rf">
      <label htmlFor={id} className="f2 xs">
        {label}
      </label>
      <span className={problem === undefined ? 'input' : 'input bad'}>
        <select
          id={id}
          value={value}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : `${id}p`}
          onChange={(event) => {
            const chosen = choices.find(([choice]) => choice === event.target.value);
            if (chosen !== undefined) onChange(chosen[0]);
          }}
        >
          {choices.map(([choice, text]) => (
            <option key={choice} value={choice}>
              {text}
            </option>
          ))}
        </select>
      </span>
      {problem !== undefined && (
        <span id={`${id}p`} className="errt xs">
          {problem}
        </span>
      )}
    </div>
  );
}
