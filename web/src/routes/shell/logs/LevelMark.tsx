import { isGrave, levelName, type Level } from '../../../model/logs';

/** The severity in a word; graver ones are heavier too, so that nothing hangs on colour. */
export function LevelMark({ level, text = '' }: { readonly level: Level; readonly text?: string }) {
  const kind = isGrave(level) ? 'errt strong' : level === 'warn' ? 'warnt strong' : level === 'info' ? 'f2' : 'f3';
  return (
    <span className={`lvl ${kind}`} title={text === '' ? undefined : `Severity as sent: ${text}`}>
      {levelName(level)}
      {level === 'unset' && <span className="visually-hidden">no severity</span>}
    </span>
  );
}
