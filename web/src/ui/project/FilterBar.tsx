import { useStore } from '../app/store';
import { counted } from '../components/format';
import { Icon } from '../components/Icon';
import fields from '../components/Field.module.css';
import type { ImageFilter } from './filter';
import styles from './FilterBar.module.css';
import type { ProjectLabels } from './project-labels';

const statuses: readonly { value: ImageFilter['status']; label: string }[] = [
  { value: 'any', label: 'Any status' },
  { value: 'completed', label: 'Encoded' },
  { value: 'pending', label: 'Waiting' },
  { value: 'processing', label: 'Being encoded' },
  { value: 'failed', label: 'Failed' },
];

export function FilterBar({
  filter,
  labels,
  shown,
  total,
  onChange,
}: {
  filter: ImageFilter;
  labels: ProjectLabels;
  shown: number;
  total: number;
  onChange: (filter: ImageFilter) => void;
}) {
  const { list } = useStore(labels.state);
  return (
    <search className={styles.bar}>
      <label className={styles.search}>
        <span className="visually-hidden">Search by file name</span>
        <Icon name="search" size={16} />
        <input
          type="search"
          className={fields.input}
          placeholder="Search by file name"
          value={filter.text}
          onChange={(event) => {
            onChange({ ...filter, text: event.target.value });
          }}
        />
      </label>
      <select
        className={`${fields.input} ${styles.select}`}
        aria-label="Status"
        value={filter.status}
        onChange={(event) => {
          onChange({ ...filter, status: event.target.value as ImageFilter['status'] });
        }}
      >
        {statuses.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <select
        className={`${fields.input} ${styles.select}`}
        aria-label="Label"
        value={filter.label}
        disabled={list.length === 0}
        onChange={(event) => {
          onChange({ ...filter, label: event.target.value });
        }}
      >
        <option value="">Any label</option>
        {list.map(({ name, objects }) => (
          <option key={name} value={name}>
            {name} ({objects})
          </option>
        ))}
      </select>
      <span className={styles.count} role="status">
        {shown === total ? '' : `${shown} of ${counted(total, 'image')}`}
      </span>
    </search>
  );
}
