import type { ReactNode } from 'react';
import { Icon } from './Icon';

/** A check that has been done: what came out, and the button that helps. */
export function CheckLine({ level, title, detail, action }: { readonly level: 'good' | 'bad' | 'unsure'; readonly title: string; readonly detail: ReactNode; readonly action?: ReactNode }) {
  return (
    <li className={`ck ${level}`}>
      <Icon name={level === 'good' ? 'check' : level === 'bad' ? 'error' : 'warning'} />
      <span>
        <span className="visually-hidden">{level === 'good' ? 'Fine: ' : level === 'bad' ? 'Problem: ' : 'Look: '}</span>
        {title}
      </span>
      <span className="d">{detail}</span>
      {action}
    </li>
  );
}
