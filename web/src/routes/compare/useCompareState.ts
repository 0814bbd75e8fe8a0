import { useEffect, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { MergedTree } from '../../model/compareTree';
import { readCompareState, writeCompareState, type ComparedIds, type CompareState } from './url';

/** Browsers refuse more than a few hundred address changes in half a minute. */
const writeAfterMillis = 150;

/** The state of the screen and its mirror in the address; what the user does shows at once and is written a moment later. */
export function useCompareState(tree: MergedTree, ids: ComparedIds): readonly [CompareState, (change: (old: CompareState) => CompareState) => void] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const [state, setState] = useState(() => readCompareState(search, tree));
  const [of, setOf] = useState(tree);
  const seen = useRef(search);
  if (of !== tree) {
    // A trace was fetched again and nodes may have moved: the ids in the address still mean the same spans.
    setOf(tree);
    setState(readCompareState(writeCompareState(state, of, ids), tree));
  }
  useEffect(() => {
    if (search === seen.current) return;
    seen.current = search;
    setState(readCompareState(search, tree));
  }, [search, tree]);
  useEffect(() => {
    const timer = setTimeout(() => {
      const next = writeCompareState(state, tree, ids);
      if (next === seen.current) return;
      seen.current = next;
      navigate(`/compare?${next}`, { replace: true });
    }, writeAfterMillis);
    return () => clearTimeout(timer);
  }, [state, tree, ids, navigate]);
  return [state, setState];
}
