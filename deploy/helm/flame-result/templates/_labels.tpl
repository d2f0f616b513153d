{{- define "flame-result.selector" -}}
app.kubernetes.io/name: {{ .Release.Name }}
{{- end }}

{{- define "flame-result.labels" -}}
{{ include "flame-result.selector" . }}
component: flame-storage-service
{{- end }}

{{/* A number of a million and more would be written as 1.07e+10, which is no setting and no tag. */}}
{{- define "flame-result.plain" -}}
{{- if kindIs "float64" . -}}
{{ . | toJson }}
{{- else -}}
{{ . }}
{{- end -}}
{{- end }}

{{- define "flame-result.port" -}}
{{ int64 (.Values.settings.SERVER__PORT | default 8080) }}
{{- end }}

{{- define "flame-result.shutdownSeconds" -}}
{{/* 0 is a time, and an empty text is none: `default` takes both for empty. */}}
{{- $given := get .Values.settings "SERVER__SHUTDOWN_SECONDS" -}}
{{- $isGiven := not (or (kindIs "invalid" $given) (eq (toString $given | trim) "")) -}}
{{- int64 (ternary $given .Values.shutdownSeconds $isGiven) -}}
{{- end }}
