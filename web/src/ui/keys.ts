import { useEffect, useRef } from 'react';

/** A key (`j`, `Escape`, `N`) or two in a row (`g t`) and what it does. A handler that returns false leaves the key to the browser. */
export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void | false>>;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type)));

/** How long the second key of a pair is waited for. */
const pairMillis = 800;

/** Keys for the whole page. None act while the user types, holds Ctrl, Alt or Meta, or a dialog is open; Enter and Space stay with what has the focus. */
export function useKeys(keys: KeyMap): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    let first = '';
    let since = -Infinity;
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
      const pair = `${first} ${event.key}`;
      const handler = (event.timeStamp - since < pairMillis ? current.current[pair] : undefined) ?? current.current[event.key];
      [first, since] = [event.key, event.timeStamp];
      if (handler !== undefined && handler(event) !== false) event.preventDefault();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}
