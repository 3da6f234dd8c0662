import { lazy, Suspense, useEffect } from 'react';

import { Toasts } from '../components/Toasts';
import { ProjectPage } from '../project/ProjectPage';
import { ProjectsPage } from '../projects/ProjectsPage';
import { ErrorBoundary } from './ErrorBoundary';
import { type Route, route } from './routes';
import { Shell } from './Shell';
import { useStore } from './store';

const AnnotatorPage = lazy(() =>
  import('../annotator/AnnotatorPage').then((module) => ({ default: module.AnnotatorPage })),
);
const StoragePage = lazy(() => import('../storage/StoragePage').then((module) => ({ default: module.StoragePage })));
const SettingsPage = lazy(() =>
  import('../settings/SettingsPage').then((module) => ({ default: module.SettingsPage })),
);

export function App() {
  const current = useStore(route);
  useEffect(() => {
    document.getElementById('main')?.scrollTo({ top: 0 });
  }, [current]);
  return (
    <>
      <ErrorBoundary key={current.page}>
        <Suspense fallback={null}>
          <CurrentPage current={current} />
        </Suspense>
      </ErrorBoundary>
      <Toasts />
    </>
  );
}

function CurrentPage({ current }: { current: Route }) {
  if (current.page === 'image') return <AnnotatorPage id={current.id} />;
  return (
    <Shell current={current.page}>
      {current.page === 'projects' && <ProjectsPage />}
      {current.page === 'project' && <ProjectPage key={current.project} project={current.project} />}
      {current.page === 'storage' && <StoragePage />}
      {current.page === 'settings' && <SettingsPage />}
    </Shell>
  );
}
