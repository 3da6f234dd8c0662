import { useRef } from 'react';

import type { Image } from '../../api/types';
import { useServices } from '../app/services-context';
import { Menu } from '../components/Menu';
import { type ExportFormat, exportProject, importProject, preloadProject } from './project-work';

const formats: readonly { format: ExportFormat; label: string; hint: string }[] = [
  { format: 'coco', label: 'Export COCO', hint: 'run lengths' },
  { format: 'coco-polygons', label: 'Export COCO', hint: 'polygons' },
  { format: 'yolo', label: 'Export YOLO', hint: 'segmentation' },
  { format: 'png', label: 'Export masks', hint: 'PNG' },
];

export function ProjectMenu({ project, images }: { project: string; images: readonly Image[] }) {
  const services = useServices();
  const file = useRef<HTMLInputElement>(null);
  const isEmpty = images.length === 0;
  return (
    <>
      <Menu
        label="Project"
        items={[
          {
            label: 'Make available offline',
            icon: 'cloudOff' as const,
            disabled: isEmpty,
            onSelect: () =>
              void services.transfers.run('Making the project available offline', (report, signal) =>
                preloadProject(services, project, report, signal),
              ),
          },
          ...formats.map(({ format, label, hint }) => ({
            label,
            hint,
            icon: 'download' as const,
            disabled: isEmpty,
            onSelect: () =>
              void services.transfers.run('Export', (report, signal) =>
                exportProject(services, project, images, format, report, signal),
              ),
          })),
          {
            label: 'Import COCO',
            icon: 'upload' as const,
            disabled: isEmpty,
            onSelect: () => file.current?.click(),
          },
        ]}
      />
      <input
        ref={file}
        type="file"
        hidden
        accept=".json,application/json"
        aria-label="COCO file to import"
        data-testid="import-input"
        onChange={(event) => {
          const chosen = event.target.files?.[0];
          event.target.value = '';
          if (!chosen) return;
          void services.transfers.run(`Import of ${chosen.name}`, (report, signal) =>
            importProject(services, project, images, chosen, report, signal),
          );
        }}
      />
    </>
  );
}
