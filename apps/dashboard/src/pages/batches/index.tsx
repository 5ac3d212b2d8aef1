import { createRoute } from '@tanstack/react-router';
import { pageComponent } from '../../shell/page-component.ts';
import { signedInRoute } from '../../shell/root.tsx';
import { readBatchesSearch, readBatchSearch } from './search.ts';

export const batchesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/batches',
  validateSearch: readBatchesSearch,
  component: pageComponent(() => import('./batches-page.tsx'), 'BatchesPage'),
});

export const newBatchRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/batches/new',
  component: pageComponent(() => import('./new-batch-page.tsx'), 'NewBatchPage'),
});

export const batchRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/batches/$id',
  validateSearch: readBatchSearch,
  component: pageComponent(() => import('./batch-page.tsx'), 'BatchPage'),
});
