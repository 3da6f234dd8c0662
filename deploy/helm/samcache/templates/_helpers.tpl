{{- define "samcache.name" -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- end -}}

{{- define "samcache.labels" -}}
app.kubernetes.io/name: samcache
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Of one component: (list . "serve"). */}}
{{- define "samcache.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: samcache
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "samcache.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "samcache.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* Fastest first, the one that keeps everything last. */}}
{{- define "samcache.stores" -}}
{{- $persistent := required "stores.persistent: where encodings are kept for good, such as azure://account/container" .Values.stores.persistent -}}
{{- $near := printf "file:///var/lib/samcache/near?max=%s" .Values.stores.nearDisk -}}
{{- list (printf "memory:%s" .Values.stores.memory) $near .Values.stores.shared $persistent | compact | join " " -}}
{{- end -}}

{{/* What servers and workers share of their environment. */}}
{{- define "samcache.environment" -}}
- name: SAMCACHE_DATABASE
  valueFrom:
    secretKeyRef:
      name: {{ required "database.existingSecret: the Secret with the database's URL" .Values.database.existingSecret }}
      key: {{ .Values.database.key }}
- name: SAMCACHE_DATA
  value: /var/lib/samcache
- name: SAMCACHE_STORE
  value: {{ include "samcache.stores" . | quote }}
{{- with .Values.stores.images }}
- name: SAMCACHE_IMAGE_STORE
  value: {{ . | quote }}
{{- end }}
- name: SAMCACHE_PROFILE
  value: {{ .Values.profile | quote }}
- name: SAMCACHE_LOG_FORMAT
  value: json
- name: GOMP_SPINCOUNT
  value: "1000"
{{- if .Values.model.volume }}
- name: SAMCACHE_MODEL
  value: /models/current
{{- end }}
{{- end -}}

{{- define "samcache.environmentFrom" -}}
{{- with .Values.stores.existingSecret }}
envFrom:
  - secretRef:
      name: {{ . }}
{{- end }}
{{- end -}}

{{- define "samcache.mounts" -}}
- name: data
  mountPath: /var/lib/samcache
- name: tmp
  mountPath: /tmp
{{- if .Values.model.volume }}
- name: model
  mountPath: /models/current
  readOnly: true
  {{- with .Values.model.subPath }}
  subPath: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "samcache.volumes" -}}
- name: data
  emptyDir: {}
- name: tmp
  emptyDir: {}
{{- with .Values.model.volume }}
- name: model
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "samcache.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* What both kinds of pods say of themselves: (list . "serve"). */}}
{{- define "samcache.podMetadata" -}}
{{- $root := index . 0 -}}
labels:
  {{- include "samcache.selector" . | nindent 2 }}
  {{- if $root.Values.azureWorkloadIdentity.clientId }}
  azure.workload.identity/use: "true"
  {{- end }}
{{- end -}}

{{/* What both kinds of pods have in common: (list . "serve"). */}}
{{- define "samcache.podSpec" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $values := index $root.Values $component -}}
serviceAccountName: {{ include "samcache.serviceAccount" $root }}
automountServiceAccountToken: false
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
terminationGracePeriodSeconds: 40
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "samcache.selector" . | nindent 8 }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  {{- include "samcache.volumes" $root | nindent 2 }}
{{- end -}}

{{/* (list . repository) */}}
{{- define "samcache.image" -}}
{{- $root := index . 0 -}}
{{- printf "%s:%s" (index . 1) ($root.Values.image.tag | default $root.Chart.AppVersion) -}}
{{- end -}}
