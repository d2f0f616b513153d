{{- define "flame-result.selector" -}}
app.kubernetes.io/name: {{ .Release.Name }}
{{- end }}

{{- define "flame-result.labels" -}}
{{ include "flame-result.selector" . }}
component: flame-storage-service
{{- end }}
