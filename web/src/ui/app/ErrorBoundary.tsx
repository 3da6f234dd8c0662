import { Component, type ReactNode } from 'react';

import { Button } from '../components/Button';
import { EmptyState } from '../components/Status';

/** A page that failed to draw says so, and the rest of the app goes on. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <main role="alert">
        <EmptyState icon="alert" title="This page failed">
          <p>{error.message}</p>
          <Button
            tone="primary"
            icon="retry"
            onClick={() => {
              window.location.reload();
            }}
          >
            Reload
          </Button>
        </EmptyState>
      </main>
    );
  }
}
