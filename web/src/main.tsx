import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './routes/shell/App';
import './ui/tokens.css';
import './ui/base.css';

// Data is as of the moment the user asked for it: nothing is fetched again by itself, and an error is shown rather than retried in silence.
const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, gcTime: 120_000, retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false } } });

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id root');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
