import { type FormEvent, useEffect, useState } from 'react';

import { ApiError } from '../../api/api-error';
import type { Project } from '../../api/types';
import { Link } from '../app/Link';
import { Page } from '../app/Page';
import { navigate } from '../app/routes';
import { useServices } from '../app/services-context';
import { Button } from '../components/Button';
import { Dialog } from '../components/Dialog';
import { counted, timeAgo } from '../components/format';
import { EmptyState } from '../components/Status';
import { reasonOf } from '../components/toasts';
import fields from '../components/Field.module.css';
import styles from './ProjectsPage.module.css';

type Loaded = { projects: readonly Project[] } | { problem: unknown };

export function ProjectsPage() {
  const { api } = useServices();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [naming, setNaming] = useState(false);
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const stopping = new AbortController();
    const { signal } = stopping;
    api
      .projects({ signal })
      .then((projects) => {
        setLoaded({ projects });
      })
      .catch((problem: unknown) => {
        if (!signal.aborted) setLoaded({ problem });
      });
    return () => {
      stopping.abort();
    };
  }, [api, attempt]);

  const create = (
    <Button
      tone="primary"
      icon="plus"
      onClick={() => {
        setNaming(true);
      }}
    >
      New project
    </Button>
  );
  const hasProjects = loaded && 'projects' in loaded && loaded.projects.length > 0;

  return (
    <Page title="Projects" subtitle="Pick up where you left off" actions={hasProjects ? create : undefined}>
      {!loaded && <Skeletons />}
      {loaded && 'problem' in loaded && (
        <EmptyState icon="cloudOff" title="The projects could not be read">
          <p>{reasonOf(loaded.problem)}</p>
          {loaded.problem instanceof ApiError && loaded.problem.status === 401 && (
            <Link to={{ page: 'settings' }}>Enter a token</Link>
          )}
          <Button
            icon="retry"
            onClick={() => {
              setAttempt(attempt + 1);
            }}
          >
            Try again
          </Button>
        </EmptyState>
      )}
      {loaded && 'projects' in loaded && !hasProjects && (
        <EmptyState icon="folder" title="No projects yet">
          <p>A project is a set of images that are annotated together. Name one, then drop your pictures into it.</p>
          {create}
        </EmptyState>
      )}
      {hasProjects && (
        <ul className={styles.grid}>
          {loaded.projects.map((project) => (
            <li key={project.name}>
              <ProjectCard project={project} />
            </li>
          ))}
        </ul>
      )}
      {naming && (
        <NewProjectDialog
          onClose={() => {
            setNaming(false);
          }}
        />
      )}
    </Page>
  );
}

function ProjectCard({ project }: { project: Project }) {
  const { images, completed, failed } = project;
  const waiting = images - completed - failed;
  return (
    <Link to={{ page: 'project', project: project.name }} className={styles.card}>
      <h2>{project.name || 'Without a project'}</h2>
      <p>{counted(images, 'image')}</p>
      <span className={styles.bar} aria-hidden="true">
        {completed > 0 && <span className={styles.done} style={{ flexGrow: completed }} />}
        {failed > 0 && <span className={styles.failed} style={{ flexGrow: failed }} />}
        {waiting > 0 && <span style={{ flexGrow: waiting }} />}
      </span>
      <small>
        {[
          waiting > 0 ? `${waiting} being encoded` : failed > 0 ? '' : 'All encoded',
          failed > 0 ? `${failed} failed` : '',
          project.last_upload ? `last upload ${timeAgo(project.last_upload)}` : '',
        ]
          .filter(Boolean)
          .join(' · ')}
      </small>
    </Link>
  );
}

function Skeletons() {
  return (
    <div className={styles.grid} aria-busy="true" aria-label="Reading the projects">
      {Array.from({ length: 3 }, (_, index) => (
        <div key={index} className={`${styles.card} ${styles.skeleton}`} />
      ))}
    </div>
  );
}

/** A project is there as soon as it has an image; until then it is an address. */
function NewProjectDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const isValid = /^[A-Za-z0-9._-]{1,100}$/.test(name);
  const open = (event: FormEvent) => {
    event.preventDefault();
    if (isValid) navigate({ page: 'project', project: name });
  };
  return (
    <Dialog
      title="New project"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" type="submit" form="new-project" disabled={!isValid}>
            Create
          </Button>
        </>
      }
    >
      <form id="new-project" onSubmit={open} className={fields.field}>
        <label htmlFor="project-name">Name</label>
        <input
          id="project-name"
          className={fields.input}
          value={name}
          maxLength={100}
          autoComplete="off"
          spellCheck={false}
          aria-describedby="project-name-hint"
          aria-invalid={name !== '' && !isValid}
          onChange={(event) => {
            setName(event.target.value);
          }}
        />
        <small id="project-name-hint">Letters, digits, dots, dashes and underscores</small>
      </form>
    </Dialog>
  );
}
