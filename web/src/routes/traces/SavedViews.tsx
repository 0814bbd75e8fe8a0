import { useCallback, useRef, useState } from 'react';
import { readViews, renamed, withView, withoutView, type Change, type SavedView } from '../../model/savedViews';
import { copyText } from '../../ui/copy';
import { Icon } from '../../ui/Icon';
import { remember, remembered } from '../../ui/theme';
import { useDismiss } from '../../ui/useDismiss';
import { useToasts } from '../../ui/toasts';
import { readSearch, writeSearch, type SearchState } from './url';

const storageKey = 'throughline.views';

interface ViewProps {
  readonly view: SavedView;
  readonly current: boolean;
  readonly show: () => void;
  readonly copy: () => void;
  readonly rename: (name: string) => string | null;
  readonly remove: () => void;
}

function View({ view, current, show, copy, rename, remove }: ViewProps) {
  const [name, setName] = useState<string | null>(null);
  const [message, setMessage] = useState<string | null>(null);
  if (name !== null)
    return (
      <li>
        <form
          className="svform"
          onSubmit={(event) => {
            event.preventDefault();
            const wrong = rename(name);
            setMessage(wrong);
            if (wrong === null) setName(null);
          }}
        >
          <span className={message === null ? 'input grow' : 'input grow bad'}>
            <input autoFocus aria-label={`New name of ${view.name}`} value={name} onChange={(event) => setName(event.target.value)} />
          </span>
          <button type="submit" className="btn">
            Rename
          </button>
          {message !== null && (
            <span className="errt xs" role="alert">
              {message}
            </span>
          )}
        </form>
      </li>
    );
  return (
    <li className="svrow">
      <button type="button" className="svname trunc" aria-current={current} title={view.search === '' ? 'No filter' : readSearch(view.search).text} onClick={show}>
        {view.name}
      </button>
      <button type="button" className="btn ghost sq" aria-label={`Copy a link to ${view.name}`} title="Copy a link" onClick={copy}>
        <Icon name="link" />
      </button>
      <button type="button" className="btn ghost" aria-label={`Rename ${view.name}`} onClick={() => setName(view.name)}>
        Rename
      </button>
      <button type="button" className="btn ghost sq" aria-label={`Delete ${view.name}`} title="Delete" onClick={remove}>
        <Icon name="close" />
      </button>
    </li>
  );
}

/** Searches that the reader keeps in this browser under a name; a link takes one to another reader. */
export function SavedViews({ state, change }: { readonly state: SearchState; readonly change: (next: SearchState) => void }) {
  const toasts = useToasts();
  const [open, setOpen] = useState(false);
  const [views, setViews] = useState(() => readViews(remembered(storageKey)));
  const [name, setName] = useState('');
  const [message, setMessage] = useState<string | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), []);
  useDismiss(open, box, close);
  const here = writeSearch(state);

  const keep = (next: readonly SavedView[]): void => {
    remember(storageKey, JSON.stringify(next));
    setViews(next);
  };
  // Another tab may have kept some meanwhile.
  const now = (): readonly SavedView[] => readViews(remembered(storageKey));
  const apply = (next: Change): string | null => {
    if (!next.ok) return next.message;
    keep(next.views);
    return null;
  };
  const remove = (view: SavedView): void => {
    keep(withoutView(now(), view.name));
    toasts.say(`View “${view.name}” deleted.`);
  };
  return (
    <div
      ref={box}
      className="tm"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return;
        event.preventDefault();
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button ref={button} type="button" className="btn ghost" aria-label={`Saved views, ${views.length}`} aria-haspopup="true" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="bookmark" />
        <span className="wide">Views</span> {views.length > 0 && <span className="num f3">{views.length}</span>}
        <Icon name="down" />
      </button>
      {open && (
        <div className="pop tmpop saved" role="group" aria-label="Saved views">
          {views.length === 0 && <p className="f3 svnone">No view is saved in this browser yet.</p>}
          <ul>
            {views.map((view) => (
              <View
                key={view.name}
                view={view}
                current={view.search === here}
                show={() => {
                  setOpen(false);
                  button.current?.focus();
                  change(readSearch(view.search));
                }}
                copy={() => void copyText(`${location.origin}/search${view.search}`, `Link to “${view.name}” copied.`, toasts)}
                rename={(next) => apply(renamed(now(), view.name, next))}
                remove={() => remove(view)}
              />
            ))}
          </ul>
          <form
            className="svform between"
            onSubmit={(event) => {
              event.preventDefault();
              const wrong = apply(withView(now(), name, here));
              setMessage(wrong);
              if (wrong === null) setName('');
            }}
          >
            <span className={message === null ? 'input grow' : 'input grow bad'}>
              <input aria-label="Name of the new view" placeholder="Save this search as …" value={name} onChange={(event) => setName(event.target.value)} />
            </span>
            <button type="submit" className="btn">
              Save
            </button>
            {message !== null && (
              <span className="errt xs" role="alert">
                {message}
              </span>
            )}
          </form>
        </div>
      )}
    </div>
  );
}
