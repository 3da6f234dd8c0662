/** Which name and which colour a new object gets. */
import type { Naming } from '../../document/commands';
import { colorOf, type Label, labelsOf, palette, tidyLabel } from '../../document/labels';
import type { AnnotationDocument } from '../../document/model';

export class LabelBook {
  /** `fromProject`: the labels of the project's other images, as far as they are known. */
  constructor(private readonly fromProject: () => readonly Label[]) {}

  /** All labels there are, by name. */
  all(document: AnnotationDocument): Label[] {
    const here = labelsOf([document]);
    const names = new Set(here.map((label) => label.name));
    return [...here, ...this.fromProject().filter((label) => !names.has(label.name))].sort((a, b) =>
      a.name.localeCompare(b.name),
    );
  }

  /** Objects without a name take the colours in turn, so that neighbours can be told apart. */
  naming(document: AnnotationDocument, text: string): Naming {
    const label = tidyLabel(text);
    const color = label ? colorOf(label, this.all(document)) : palette[document.objects.length % palette.length];
    return { label, color };
  }
}
