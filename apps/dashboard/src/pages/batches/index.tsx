import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedInRoute } from '../../shell/root.tsx';
import { readBatchesSearch, readBatchSearch } from './search.ts';

export const batchesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/batches',
  validateSearch: readBatchesSearch,
  component: lazyRouteComponent(() => import('./batches-page.tsx'), 'BatchesPage'),
});

export const newBatchRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/batches/new',
  component: lazyRouteComponent(() => import('./new-batch-page.tsx'), 'NewBatchPage'),
});

export const batchRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/batches/$id',
  validateSearch: readBatchSearch,
  component: lazyRouteComponent(() => import('./batch-page.tsx'), 'BatchPage'),
});
