{{- define "trainyard.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "trainyard.selector" -}}
app.kubernetes.io/name: trainyard
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "trainyard.labels" -}}
{{ include "trainyard.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "trainyard.image" -}}
{{ with .root.Values.image.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ .image }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "trainyard.redisSecret" -}}
{{ .Values.redis.secret.name | default (printf "%s-redis" (include "trainyard.name" .)) }}
{{- end }}

{{- define "trainyard.storeClaim" -}}
{{ .Values.store.existingClaim | default (printf "%s-store" (include "trainyard.name" .)) }}
{{- end }}

{{/* What every pod of ours has. */}}
{{- define "trainyard.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The user of the images (Dockerfile), who owns the files of the store. */}}
{{- define "trainyard.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "trainyard.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "trainyard.environment" -}}
- name: REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "trainyard.redisSecret" . }}
      key: {{ if .Values.redis.secret.name }}{{ .Values.redis.secret.key }}{{ else }}redis-url{{ end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end }}

{{- define "trainyard.settingsSecret" -}}
{{- with .Values.settingsSecret }}
envFrom:
  - secretRef: {name: {{ . }}}
{{- end }}
{{- end }}

{{- define "trainyard.volumeMounts" -}}
- {name: store, mountPath: /var/lib/trainyard/store}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "trainyard.volumes" -}}
- name: store
  persistentVolumeClaim: {claimName: {{ include "trainyard.storeClaim" . }}}
- name: tmp
  emptyDir: {}
{{- end }}
