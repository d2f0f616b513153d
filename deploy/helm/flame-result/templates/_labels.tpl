{{- define "flame-result.selector" -}}
app.kubernetes.io/name: {{ .Release.Name }}
{{- end }}

{{- define "flame-result.labels" -}}
{{ include "flame-result.selector" . }}
component: flame-storage-service
{{- end }}

{{/* A number of a million and more would be written as 1.07e+10, which is no setting. */}}
{{- define "flame-result.value" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}
{{ int64 . | quote }}
{{- else -}}
{{ . | quote }}
{{- end -}}
{{- end }}

{{- define "flame-result.port" -}}
{{ int64 (.Values.settings.SERVER__PORT | default 8080) }}
{{- end }}

{{- define "flame-result.shutdownSeconds" -}}
{{- if hasKey .Values.settings "SERVER__SHUTDOWN_SECONDS" -}}
{{ int64 .Values.settings.SERVER__SHUTDOWN_SECONDS }}
{{- else -}}
{{ int64 .Values.shutdownSeconds }}
{{- end -}}
{{- end }}
