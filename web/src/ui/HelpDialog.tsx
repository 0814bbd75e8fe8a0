import { useEffect, useRef } from 'react';
import { Icon } from './Icon';

type Group = readonly [title: string, keys: readonly (readonly [keys: string, what: string])[]];
const columns: readonly (readonly Group[])[] = [
  [
    ['Everywhere', [['/', 'query or span search'], ['g t', 'traces'], ['g l', 'logs'], ['g p', 'pipeline'], ['g f', 'profiling'], ['g c', 'compare'], ['g e', 'events'], ['g g', 'Grafana'], ['g s', 'settings'], ['r', 'refresh'], ['t', 'theme'], ['?', 'this help'], ['Esc', 'close, clear']]],
    ['Query', [['↑ ↓', 'choose a suggestion'], ['Tab', 'accept it'], ['Enter', 'search'], ['Shift Del', 'forget a recent query'], ['Esc', 'close, undo, leave']]],
  ],
  [
    ['Result list', [['j k', 'next, previous trace'], ['x', 'select to compare'], ['c', 'compare the two'], ['Enter', 'open']]],
    ['Events', [['j k', 'next, previous event'], ['Esc', 'close the event'], ['drag', 'narrow the time']]],
    ['Logs', [['j k', 'next, previous entry'], ['Enter', 'open its span'], ['Esc', 'close the entry'], ['drag', 'narrow the time']]],
    ['Chart', [['drag', 'mark time and duration; move the mark'], ['← →', 'move through time'], ['Shift ← →', 'widen what is marked'], ['Ctrl ← →', 'move the mark'], ['Enter', 'mark'], ['Esc', 'clear the mark']]],
    ['Compare', [['j k', 'next, previous span'], ['h l', 'close, open subtree'], ['d D', 'next, previous difference'], ['o', 'only differences'], ['x', 'swap A and B'], ['a', 'align at the selected span'], ['n N', 'next, previous match']]],
  ],
  [
    [
      'Timeline',
      [
        ['j k', 'next, previous span'], ['h l', 'close, open subtree'], ['w s', 'zoom in, out'], ['a d', 'pan left, right'], ['0', 'fit all'], ['1 … 9', 'fit stretch of work'], ['f', 'fold waits'],
        ['[ ]', 'fold by fold; Enter opens'], ['p', 'critical path'], ['m', 'resource lanes'], ['e E', 'next, previous error'], ['v', 'logs of the span'], ['n N', 'next, previous match'], ['Ctrl wheel', 'zoom at the pointer'], ['Shift drag', 'pan'],
      ],
    ],
    ['Flame graph', [['← → ↑ ↓', 'move from path to path'], ['Enter', 'zoom to a path, and out'], ['o', 'open its longest span'], ['Esc', 'show all']]],
    ['Profile', [['← → ↑ ↓', 'move from frame to frame'], ['Enter', 'zoom to a frame, and out'], ['o', 'traces of a frame'], ['/', 'find functions'], ['Esc', 'show all']]],
  ],
];

/** Keys and the query's syntax. A real dialog: focus stays in it and goes back when it closes. */
export function HelpDialog({ open, close }: { readonly open: boolean; readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} className="help pop" aria-label="Keyboard shortcuts" onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <div className="top">
        Keyboard
        <span className="grow" />
        <button type="button" className="btn ghost sq" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div className="keys">
        {columns.map((groups, column) => (
          <div key={column}>
            {groups.map(([title, keys]) => (
              <section key={title}>
                <h3>{title}</h3>
                <ul>
                  {keys.map(([combination, what]) => (
                    <li key={combination}>
                      <span>
                        {combination.split(' ').map((key, index) => (
                          <kbd key={index}>{key}</kbd>
                        ))}
                      </span>
                      <span className="f2">{what}</span>
                    </li>
                  ))}
                </ul>
              </section>
            ))}
          </div>
        ))}
      </div>
      <div className="syntax">
        Query: <code className="mono">camera.name=front_door</code>, <code className="mono">error=true</code>, <code className="mono">duration&gt;5s</code>, <code className="mono">span.duration&gt;=100ms</code>,{' '}
        <code className="mono">kind=client</code>, <code className="mono">http.route~cameras</code> (contains), <code className="mono">&quot;two words&quot;</code> or a word (anywhere in the span). All terms hold together; several <code className="mono">=</code> of one key are alternatives.
      </div>
    </dialog>
  );
}
