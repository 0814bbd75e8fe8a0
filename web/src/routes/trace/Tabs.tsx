import { useEffect, useRef, type KeyboardEvent } from 'react';
import { tabs, type TabId } from './tabState';

export const tabId = (tab: TabId): string => `tab-${tab}`;
export const tabPanelId = 'trace-tab';

/** The ways to look at a trace. One tab stop; arrow keys move along and open. */
export function Tabs({ tab, open }: { readonly tab: TabId; readonly open: (tab: TabId) => void }) {
  const list = useRef<HTMLDivElement>(null);
  // On a narrow page the tabs scroll: the one that is open shows, also when a link opened it.
  useEffect(() => {
    list.current?.querySelector(`#${tabId(tab)}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [tab]);
  const move = (event: KeyboardEvent): void => {
    const at = tabs.findIndex((one) => one.id === tab);
    const next = { ArrowRight: (at + 1) % tabs.length, ArrowLeft: (at + tabs.length - 1) % tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    const chosen = next === undefined ? undefined : tabs[next];
    if (chosen === undefined) return;
    event.preventDefault();
    open(chosen.id);
    list.current?.querySelector<HTMLElement>(`#${tabId(chosen.id)}`)?.focus();
  };
  return (
    <div ref={list} className="tabs" role="tablist" aria-label="Ways to look at the trace" onKeyDown={move}>
      {tabs.map((one) => (
        <button key={one.id} type="button" role="tab" id={tabId(one.id)} aria-selected={one.id === tab} aria-controls={tabPanelId} tabIndex={one.id === tab ? 0 : -1} onClick={() => open(one.id)}>
          {one.name}
        </button>
      ))}
    </div>
  );
}
