export interface paths {
  "/v1/workspace/webhooks": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List Workspace Webhooks
     * @description List all webhooks for a workspace
     */
    get: operations["get_workspace_webhooks_route"];
    put?: never;
    /**
     * Create Workspace Webhook
     * @description Create a new webhook for the workspace with the specified authentication type.
     */
    post: operations["create_workspace_webhook_route"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/workspace/webhooks/{webhook_id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Delete Workspace Webhook
     * @description Delete the specified workspace webhook
     */
    delete: operations["delete_workspace_webhook_route"];
    options?: never;
    head?: never;
    /**
     * Update Workspace Webhook
     * @description Update the specified workspace webhook
     */
    patch: operations["edit_workspace_webhook_route"];
    trace?: never;
  };
  "/v1/convai/settings": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Get Convai Settings
     * @description Retrieve Convai settings for the workspace
     */
    get: operations["get_settings_route"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    /**
     * Update Convai Settings
     * @description Update Convai settings for the workspace
     */
    patch: operations["update_settings_route"];
    trace?: never;
  };
  "/v1/convai/conversations": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Get Conversations
     * @description Get all conversations of agents that user owns. With option to restrict to a specific agent.
     */
    get: operations["get_conversation_histories_route"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/convai/conversations/{conversation_id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Get Conversation Details
     * @description Get the details of a particular conversation
     */
    get: operations["get_conversation_history_route"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/convai/conversations/{conversation_id}/audio": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Get Conversation Audio
     * @description Get the audio recording of a particular conversation
     */
    get: operations["get_conversation_audio_route"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /** HTTPValidationError */
    HTTPValidationError: {
      /** Detail */
      detail?: components["schemas"]["ValidationError"][];
    };
    /** ValidationError */
    ValidationError: {
      /** Location */
      loc: (string | number)[];
      /** Message */
      msg: string;
      /** Error Type */
      type: string;
    };
    /**
     * GetConversationResponseModel
     * @example {
     *       "agent_id": "agent_3701k3ttaq12ewp8b7qv5rfyszkz",
     *       "agent_name": "My agent",
     *       "conversation_id": "conv_7401k5m9x2p8ec3rqv6dtnhb0fzw",
     *       "environment": "production",
     *       "has_audio": true,
     *       "has_auxiliary_audio": true,
     *       "has_response_audio": true,
     *       "has_user_audio": true,
     *       "metadata": {
     *         "call_duration_secs": 10,
     *         "start_time_unix_secs": 1714423232
     *       },
     *       "status": "processing",
     *       "tag_ids": [],
     *       "transcript": [
     *         {
     *           "message": "Hello, how are you?",
     *           "role": "user",
     *           "time_in_call_secs": 10
     *         }
     *       ],
     *       "version_id": "agtvrsn_5xM3yVvZQKV0EfqQpLr2"
     *     }
     */
    GetConversationResponseModel: {
      /** Agent Id */
      agent_id: string;
      /** Agent Name */
      agent_name?: string | null;
      /**
       * Conversation Product
       * @default agent
       */
      conversation_product: string;
      /**
       * Status
       * @enum {string}
       */
      status: "initiated" | "in-progress" | "processing" | "done" | "failed";
      /** User Id */
      user_id?: string | null;
      /** Branch Id */
      branch_id?: string | null;
      /**
       * Version Id
       * @description The ID of the agent version used for this conversation
       */
      version_id?: string | null;
      metadata: components["schemas"]["ConversationHistoryMetadataCommonModel"];
      analysis?: components["schemas"]["ConversationHistoryAnalysisCommonModel"] | null;
      /** Visited Agents */
      visited_agents?: components["schemas"]["VisitedAgentRef"][];
      conversation_initiation_client_data?: components["schemas"]["ConversationInitiationClientDataRequest-Output"];
      /**
       * Environment
       * @default production
       */
      environment: string;
      /** Conversation Id */
      conversation_id: string;
      /** Has Audio */
      has_audio: boolean;
      /** Has User Audio */
      has_user_audio: boolean;
      /** Has Response Audio */
      has_response_audio: boolean;
      /** Has Auxiliary Audio */
      has_auxiliary_audio: boolean;
      /** Transcript */
      transcript: components["schemas"]["ConversationHistoryTranscriptResponseModel"][];
      /**
       * Tag Ids
       * @description Conversation tag ids assigned to this conversation.
       */
      tag_ids?: string[];
      /** @description OpenTelemetry trace payload when the request uses format=opentelemetry; otherwise omitted. */
      otlp_traces?: {
        [key: string]: unknown;
      } | null;
    };
    /** ConversationHistoryTranscriptResponseModel */
    ConversationHistoryTranscriptResponseModel: {
      /**
       * Role
       * @enum {string}
       */
      role: "user" | "agent";
      agent_metadata?: components["schemas"]["AgentMetadata"] | null;
      /** Message */
      message?: string | null;
      multivoice_message?: components["schemas"]["ConversationHistoryMultivoiceMessageModel"] | null;
      /** Tool Calls */
      tool_calls?: components["schemas"]["ConversationHistoryTranscriptToolCallCommonModel-Output"][];
      /** Tool Results */
      tool_results?: (
        | components["schemas"]["ConversationHistoryTranscriptOtherToolsResultCommonModel"]
        | components["schemas"]["ConversationHistoryTranscriptSystemToolResultCommonModel-Output"]
        | components["schemas"]["ConversationHistoryTranscriptApiIntegrationWebhookToolsResultCommonModel-Output"]
        | components["schemas"]["ConversationHistoryTranscriptWorkflowToolsResultCommonModel-Output"]
      )[];
      feedback?: components["schemas"]["UserFeedback"] | null;
      /** Llm Override */
      llm_override?: string | null;
      /** Producing Llm */
      producing_llm?: string | null;
      /** Time In Call Secs */
      time_in_call_secs: number;
      conversation_turn_metrics?: components["schemas"]["ConversationTurnMetrics"] | null;
      rag_retrieval_info?: components["schemas"]["RagRetrievalInfo"] | null;
      llm_usage?: components["schemas"]["LLMUsage-Output"] | null;
      /**
       * Interrupted
       * @default false
       */
      interrupted: boolean;
      /**
       * Ignored As Backchannel
       * @default false
       */
      ignored_as_backchannel: boolean;
      /** Original Message */
      original_message?: string | null;
      /** Reasoning */
      reasoning?: components["schemas"]["ConversationReasoningModel"][];
      source_medium?: components["schemas"]["ChatSourceMedium"] | null;
      /** Source Event Id */
      source_event_id?: number | null;
      /** Used Static Kb Document Ids */
      used_static_kb_document_ids?: string[];
      /** User Identifier */
      user_identifier?: string | null;
      /** Id */
      id?: string | null;
      /** Triggered Guardrails */
      triggered_guardrails?: components["schemas"]["TriggeredGuardrailCommonModel"][];
      file_input?: components["schemas"]["ConversationHistoryTranscriptFileInputResponseModel"] | null;
      contextual_update_info?: components["schemas"]["ContextualUpdateInfo"] | null;
      /**
       * Reasoned
       * @default false
       */
      reasoned: boolean;
    };
    /** ContextualUpdateInfo */
    ContextualUpdateInfo: {
      /**
       * Context Id
       * @description Client-supplied identifier grouping related contextual updates.
       */
      context_id: string;
      /**
       * Is Superseded
       * @description True when this contextual update has been replaced by a newer update with the same context_id.
       * @default false
       */
      is_superseded: boolean;
    };
    /** ConversationHistoryTranscriptFileInputResponseModel */
    ConversationHistoryTranscriptFileInputResponseModel: {
      /** File Id */
      file_id: string;
      /** Original Filename */
      original_filename: string;
      /** Mime Type */
      mime_type: string;
      /** File Url */
      file_url: string;
    };
    /** TriggeredGuardrailCommonModel */
    TriggeredGuardrailCommonModel: {
      guardrail_type: components["schemas"]["GuardrailType"];
      /** Guardrail Name */
      guardrail_name?: string | null;
    };
    /**
     * GuardrailType
     * @enum {string}
     */
    GuardrailType:
      | "custom"
      | "prompt_injection"
      | "self_harm_intent"
      | "violence_graphic"
      | "sexual"
      | "violence"
      | "harassment"
      | "sexual_minors"
      | "self_harm"
      | "self_harm_instructions"
      | "harassment_threatening"
      | "hate"
      | "hate_threatening"
      | "profanity"
      | "religion_or_politics"
      | "medical_and_legal"
      | "guardrail";
    /**
     * ChatSourceMedium
     * @enum {string}
     */
    ChatSourceMedium: "audio" | "text" | "image" | "file";
    /** ConversationReasoningModel */
    ConversationReasoningModel: {
      /** Summary */
      summary?: string | null;
      /**
       * Provider Redact
       * @default false
       */
      provider_redact: boolean;
    };
    /** LLMUsage */
    "LLMUsage-Output": {
      /** Model Usage */
      model_usage?: {
        [key: string]: components["schemas"]["LLMInputOutputTokensUsage"];
      };
    };
    /**
     * LLM
     * @enum {string}
     */
    LLM:
      | "gpt-4o-mini"
      | "gpt-4o"
      | "gpt-4"
      | "gpt-4-turbo"
      | "gpt-4.1"
      | "gpt-4.1-mini"
      | "gpt-4.1-nano"
      | "gpt-5"
      | "gpt-5.1"
      | "gpt-5.2"
      | "gpt-5.2-chat-latest"
      | "gpt-5.4"
      | "gpt-5.4-mini"
      | "gpt-5.4-nano"
      | "gpt-5.5"
      | "gpt-5.6-sol"
      | "gpt-5.6-terra"
      | "gpt-5.6-luna"
      | "gpt-5-mini"
      | "gpt-5-nano"
      | "gpt-3.5-turbo"
      | "gemini-1.5-pro"
      | "gemini-1.5-flash"
      | "gemini-2.0-flash"
      | "gemini-2.0-flash-lite"
      | "gemini-2.5-flash-lite"
      | "gemini-2.5-flash"
      | "gemini-3-pro-preview"
      | "gemini-3-flash-preview"
      | "gemini-3.1-pro-preview"
      | "gemini-3.1-flash-lite-preview"
      | "gemini-3.1-flash-lite"
      | "gemini-3.5-flash"
      | "gemini-3.5-flash-lite"
      | "gemini-3.6-flash"
      | "gemini-3.7-flash"
      | "claude-sonnet-4-5"
      | "claude-opus-4-7"
      | "claude-opus-4-8"
      | "claude-sonnet-4-6"
      | "claude-sonnet-5"
      | "claude-sonnet-4"
      | "claude-haiku-4-5"
      | "claude-3-7-sonnet"
      | "claude-3-5-sonnet"
      | "claude-3-5-sonnet-v1"
      | "claude-3-haiku"
      | "grok-beta"
      | "custom-llm"
      | "qwen3-4b"
      | "qwen3-30b-a3b"
      | "qwen36-35b-a3b"
      | "qwen35-397b-a17b"
      | "gpt-oss-20b"
      | "gpt-oss-120b"
      | "glm-45-air-fp8"
      | "gemini-2.5-flash-preview-09-2025"
      | "gemini-2.5-flash-lite-preview-09-2025"
      | "gemini-2.5-flash-preview-05-20"
      | "gemini-2.5-flash-preview-04-17"
      | "gemini-2.5-flash-lite-preview-06-17"
      | "gemini-2.0-flash-lite-001"
      | "gemini-2.0-flash-001"
      | "gemini-1.5-flash-002"
      | "gemini-1.5-flash-001"
      | "gemini-1.5-pro-002"
      | "gemini-1.5-pro-001"
      | "claude-sonnet-4@20250514"
      | "claude-sonnet-4-5@20250929"
      | "claude-haiku-4-5@20251001"
      | "claude-3-7-sonnet@20250219"
      | "claude-3-5-sonnet@20240620"
      | "claude-3-5-sonnet-v2@20241022"
      | "claude-3-haiku@20240307"
      | "gpt-5-2025-08-07"
      | "gpt-5.1-2025-11-13"
      | "gpt-5.2-2025-12-11"
      | "gpt-5.4-2026-03-05"
      | "gpt-5.4-mini-2026-03-17"
      | "gpt-5.4-nano-2026-03-17"
      | "gpt-5.5-2026-04-23"
      | "gpt-5-mini-2025-08-07"
      | "gpt-5-nano-2025-08-07"
      | "gpt-4.1-2025-04-14"
      | "gpt-4.1-mini-2025-04-14"
      | "gpt-4.1-nano-2025-04-14"
      | "gpt-4o-mini-2024-07-18"
      | "gpt-4o-2024-11-20"
      | "gpt-4o-2024-08-06"
      | "gpt-4o-2024-05-13"
      | "gpt-4-0613"
      | "gpt-4-0314"
      | "gpt-4-turbo-2024-04-09"
      | "gpt-3.5-turbo-0125"
      | "gpt-3.5-turbo-1106"
      | "watt-tool-8b"
      | "watt-tool-70b";
    /** LLMInputOutputTokensUsage */
    LLMInputOutputTokensUsage: {
      input?: components["schemas"]["LLMTokensCategoryUsage"];
      input_cache_read?: components["schemas"]["LLMTokensCategoryUsage"];
      input_cache_write?: components["schemas"]["LLMTokensCategoryUsage"];
      output_total?: components["schemas"]["LLMTokensCategoryUsage"];
    };
    /** LLMTokensCategoryUsage */
    LLMTokensCategoryUsage: {
      /**
       * Tokens
       * @default 0
       */
      tokens: number;
      /**
       * Price
       * @default 0
       */
      price: number;
    };
    /** RagRetrievalInfo */
    RagRetrievalInfo: {
      /** Chunks */
      chunks: components["schemas"]["RagChunkMetadata"][];
      embedding_model: components["schemas"]["EmbeddingModelEnum"];
      /** Retrieval Query */
      retrieval_query: string;
      /** Rag Latency Secs */
      rag_latency_secs: number;
      /** Used Chunk Ids */
      used_chunk_ids?: string[];
    };
    /**
     * EmbeddingModelEnum
     * @default e5_mistral_7b_instruct
     * @enum {string}
     */
    EmbeddingModelEnum: "e5_mistral_7b_instruct" | "multilingual_e5_large_instruct";
    /** RagChunkMetadata */
    RagChunkMetadata: {
      /** Document Id */
      document_id: string;
      /** Chunk Id */
      chunk_id: string;
      /** Vector Distance */
      vector_distance: number;
    };
    /** ConversationTurnMetrics */
    ConversationTurnMetrics: {
      /** Metrics */
      metrics?: {
        [key: string]: components["schemas"]["MetricRecord"];
      };
      /** Convai Asr Provider */
      convai_asr_provider?: string | null;
      /** Convai Tts Model */
      convai_tts_model?: string | null;
      /** Convai Tts Cascade */
      convai_tts_cascade?: string | null;
    };
    /** MetricRecord */
    MetricRecord: {
      /** Elapsed Time */
      elapsed_time: number;
    };
    /** UserFeedback */
    UserFeedback: {
      score: components["schemas"]["UserFeedbackScore"];
      /** Time In Call Secs */
      time_in_call_secs: number;
    };
    /**
     * UserFeedbackScore
     * @enum {string}
     */
    UserFeedbackScore: "like" | "dislike";
    /** ConversationHistoryTranscriptWorkflowToolsResultCommonModel */
    "ConversationHistoryTranscriptWorkflowToolsResultCommonModel-Output": {
      /** Request Id */
      request_id: string;
      /** Tool Name */
      tool_name: string;
      /** Result Value */
      result_value: string;
      /** Is Error */
      is_error: boolean;
      /**
       * Is Blocked
       * @default false
       */
      is_blocked: boolean;
      /** Tool Has Been Called */
      tool_has_been_called: boolean;
      /**
       * Tool Latency Secs
       * @default 0
       */
      tool_latency_secs: number;
      /**
       * Error Type
       * @default
       */
      error_type: string;
      /**
       * Raw Error Message
       * @default
       */
      raw_error_message: string;
      /** Dynamic Variable Updates */
      dynamic_variable_updates?: components["schemas"]["DynamicVariableUpdateCommonModel"][];
      /**
       * Type
       * @constant
       */
      type: "workflow";
      result?: components["schemas"]["WorkflowToolResponseModel-Output"] | null;
    };
    /**
     * WorkflowToolResponseModel
     * @description A common model for workflow tool responses.
     */
    "WorkflowToolResponseModel-Output": {
      /** Steps */
      steps?: (
        | components["schemas"]["WorkflowToolEdgeStepModel"]
        | components["schemas"]["WorkflowToolNestedToolsStepModel-Output"]
        | components["schemas"]["WorkflowToolMaxIterationsExceededStepModel"]
      )[];
    };
    /** WorkflowToolMaxIterationsExceededStepModel */
    WorkflowToolMaxIterationsExceededStepModel: {
      /** Step Latency Secs */
      step_latency_secs: number;
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      type: "max_iterations_exceeded";
      /** Max Iterations */
      max_iterations: number;
    };
    /** WorkflowToolNestedToolsStepModel */
    "WorkflowToolNestedToolsStepModel-Output": {
      /** Step Latency Secs */
      step_latency_secs: number;
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      type: "nested_tools";
      /** Node Id */
      node_id: string;
      /** Requests */
      requests: components["schemas"]["ConversationHistoryTranscriptToolCallCommonModel-Output"][];
      /** Results */
      results: (
        | components["schemas"]["ConversationHistoryTranscriptOtherToolsResultCommonModel"]
        | components["schemas"]["ConversationHistoryTranscriptSystemToolResultCommonModel-Output"]
        | components["schemas"]["ConversationHistoryTranscriptApiIntegrationWebhookToolsResultCommonModel-Output"]
        | components["schemas"]["ConversationHistoryTranscriptWorkflowToolsResultCommonModel-Output"]
      )[];
      /** Is Successful */
      is_successful: boolean;
    };
    /** ConversationHistoryTranscriptApiIntegrationWebhookToolsResultCommonModel */
    "ConversationHistoryTranscriptApiIntegrationWebhookToolsResultCommonModel-Output": {
      /** Request Id */
      request_id: string;
      /** Tool Name */
      tool_name: string;
      /** Result Value */
      result_value: string;
      /** Is Error */
      is_error: boolean;
      /**
       * Is Blocked
       * @default false
       */
      is_blocked: boolean;
      /** Tool Has Been Called */
      tool_has_been_called: boolean;
      /**
       * Tool Latency Secs
       * @default 0
       */
      tool_latency_secs: number;
      /**
       * Error Type
       * @default
       */
      error_type: string;
      /**
       * Raw Error Message
       * @default
       */
      raw_error_message: string;
      /** Dynamic Variable Updates */
      dynamic_variable_updates: components["schemas"]["DynamicVariableUpdateCommonModel"][];
      /**
       * Type
       * @constant
       */
      type: "api_integration_webhook";
      /**
       * Integration Id
       * @default
       */
      integration_id: string;
      /**
       * Credential Id
       * @default
       */
      credential_id: string;
      /**
       * Integration Connection Id
       * @default
       */
      integration_connection_id: string;
    };
    /**
     * DynamicVariableUpdateCommonModel
     * @description Tracks a dynamic variable update that occurred during tool execution.
     */
    DynamicVariableUpdateCommonModel: {
      /** Variable Name */
      variable_name: string;
      /** Old Value */
      old_value: string | null;
      /** New Value */
      new_value: string;
      /** Updated At */
      updated_at: number;
      /** Tool Name */
      tool_name: string;
      /** Tool Request Id */
      tool_request_id: string;
    };
    /** ConversationHistoryTranscriptSystemToolResultCommonModel */
    "ConversationHistoryTranscriptSystemToolResultCommonModel-Output": {
      /** Request Id */
      request_id: string;
      /** Tool Name */
      tool_name: string;
      /** Result Value */
      result_value: string;
      /** Is Error */
      is_error: boolean;
      /**
       * Is Blocked
       * @default false
       */
      is_blocked: boolean;
      /** Tool Has Been Called */
      tool_has_been_called: boolean;
      /**
       * Tool Latency Secs
       * @default 0
       */
      tool_latency_secs: number;
      /**
       * Error Type
       * @default
       */
      error_type: string;
      /**
       * Raw Error Message
       * @default
       */
      raw_error_message: string;
      /** Dynamic Variable Updates */
      dynamic_variable_updates?: components["schemas"]["DynamicVariableUpdateCommonModel"][];
      /**
       * Type
       * @constant
       */
      type: "system";
      /** Result */
      result?:
        | (
            | components["schemas"]["EndCallToolResultModel"]
            | components["schemas"]["LanguageDetectionToolResultModel"]
            | components["schemas"]["TransferToAgentToolResultSuccessModel-Output"]
            | components["schemas"]["TransferToAgentToolResultErrorModel"]
            | components["schemas"]["TransferToNumberResultTwilioSuccessModel"]
            | components["schemas"]["TransferToNumberResultSipSuccessModel"]
            | components["schemas"]["TransferToNumberResultExotelSuccessModel"]
            | components["schemas"]["TransferToNumberResultErrorModel"]
            | components["schemas"]["SkipTurnToolResponseModel"]
            | components["schemas"]["PlayDTMFResultSuccessModel"]
            | components["schemas"]["PlayDTMFResultErrorModel"]
            | components["schemas"]["VoiceMailDetectionResultSuccessModel"]
            | components["schemas"]["TestToolResultModel"]
            | components["schemas"]["KnowledgeBaseRagToolResultModel"]
            | components["schemas"]["KnowledgeBaseToolResultModel"]
            | components["schemas"]["DummyToolResultModel"]
          )
        | null;
    };
    /** DummyToolResultModel */
    DummyToolResultModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "dummy";
    };
    /** KnowledgeBaseToolResultModel */
    KnowledgeBaseToolResultModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "knowledge_base_success";
      /** @default success */
      status: components["schemas"]["KnowledgeBaseToolStatus"];
      /**
       * Chunk Count
       * @default 0
       */
      chunk_count: number;
      /**
       * Message
       * @default Referenced knowledge base.
       */
      message: string;
    };
    /**
     * KnowledgeBaseToolStatus
     * @default success
     * @enum {string}
     */
    KnowledgeBaseToolStatus: "success" | "no_matching_documents" | "no_results";
    /** KnowledgeBaseRagToolResultModel */
    KnowledgeBaseRagToolResultModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "knowledge_base_rag_success";
      /** @default success */
      status: components["schemas"]["KnowledgeBaseRagToolStatus"];
      /**
       * Chunk Count
       * @description Number of relevant chunks retrieved
       * @default 0
       */
      chunk_count: number;
      /**
       * Message
       * @description Human-readable status for the LLM about the search results
       * @default Referenced knowledge base.
       */
      message: string;
      /**
       * Chunks
       * @description Retrieved chunks; populated only in the rag-result-in-tool-result mode
       */
      chunks?: components["schemas"]["KnowledgeBaseRagChunkModel"][];
    };
    /** KnowledgeBaseRagChunkModel */
    KnowledgeBaseRagChunkModel: {
      /** Chunk Id */
      chunk_id: string;
      /** Document Id */
      document_id: string;
      /** Content */
      content: string;
    };
    /**
     * KnowledgeBaseRagToolStatus
     * @default success
     * @enum {string}
     */
    KnowledgeBaseRagToolStatus: "success" | "no_documents" | "no_results";
    /** TestToolResultModel */
    TestToolResultModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "testing_tool_result";
      /**
       * Status
       * @default success
       * @constant
       */
      status: "success";
      /**
       * Reason
       * @default Skipping tool call in test mode
       */
      reason: string;
    };
    /** VoiceMailDetectionResultSuccessModel */
    VoiceMailDetectionResultSuccessModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "voicemail_detection_success";
      /**
       * Status
       * @default success
       * @constant
       */
      status: "success";
      /** Voicemail Message */
      voicemail_message?: string | null;
      /** Reason */
      reason?: string | null;
    };
    /** PlayDTMFResultErrorModel */
    PlayDTMFResultErrorModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "play_dtmf_error";
      /**
       * Status
       * @default error
       * @constant
       */
      status: "error";
      /** Error */
      error: string;
      /** Details */
      details?: string | null;
    };
    /** PlayDTMFResultSuccessModel */
    PlayDTMFResultSuccessModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "play_dtmf_success";
      /**
       * Status
       * @default success
       * @constant
       */
      status: "success";
      /** Dtmf Tones */
      dtmf_tones: string;
      /** Reason */
      reason?: string | null;
    };
    /** SkipTurnToolResponseModel */
    SkipTurnToolResponseModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "skip_turn_success";
      /**
       * Status
       * @default success
       * @constant
       */
      status: "success";
      /** Reason */
      reason?: string | null;
    };
    /** TransferToNumberResultErrorModel */
    TransferToNumberResultErrorModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "transfer_to_number_error";
      /**
       * Status
       * @default error
       * @constant
       */
      status: "error";
      /** Error */
      error: string;
      /** Details */
      details?: string | null;
    };
    /** TransferToNumberResultExotelSuccessModel */
    TransferToNumberResultExotelSuccessModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "transfer_to_number_exotel_success";
      /**
       * Status
       * @default success
       * @constant
       */
      status: "success";
      /** Transfer Number */
      transfer_number: string;
      /** Reason */
      reason?: string | null;
      /** Agent Message */
      agent_message?: string | null;
      /** Note */
      note?: string | null;
    };
    /** TransferToNumberResultSipSuccessModel */
    TransferToNumberResultSipSuccessModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "transfer_to_number_sip_success";
      /**
       * Status
       * @default success
       * @constant
       */
      status: "success";
      /** Transfer Number */
      transfer_number: string;
      /** Reason */
      reason?: string | null;
      /** Note */
      note?: string | null;
    };
    /** TransferToNumberResultTwilioSuccessModel */
    TransferToNumberResultTwilioSuccessModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "transfer_to_number_twilio_success";
      /**
       * Status
       * @default success
       * @constant
       */
      status: "success";
      /** Transfer Number */
      transfer_number: string;
      /** Reason */
      reason?: string | null;
      /** Client Message */
      client_message?: string | null;
      /** Agent Message */
      agent_message: string;
      /** Conference Name */
      conference_name: string;
      /** Post Dial Digits */
      post_dial_digits?: string | null;
      /** Note */
      note?: string | null;
    };
    /** TransferToAgentToolResultErrorModel */
    TransferToAgentToolResultErrorModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "transfer_to_agent_error";
      /**
       * Status
       * @default error
       * @constant
       */
      status: "error";
      /** From Agent */
      from_agent: string;
      /** Error */
      error: string;
    };
    /** TransferToAgentToolResultSuccessModel */
    "TransferToAgentToolResultSuccessModel-Output": {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "transfer_to_agent_success";
      /**
       * Status
       * @default success
       * @constant
       */
      status: "success";
      /** From Agent */
      from_agent: string;
      /** To Agent */
      to_agent: string;
      /** To Node */
      to_node?: string | null;
      /** Condition */
      condition: string;
      /**
       * Delay Ms
       * @default 0
       */
      delay_ms: number;
      /** Transfer Message */
      transfer_message?: string | null;
      /**
       * Enable Transferred Agent First Message
       * @default false
       */
      enable_transferred_agent_first_message: boolean;
      /** Branch Info */
      branch_info?:
        | (
            | components["schemas"]["TransferBranchInfoTrafficSplit"]
            | components["schemas"]["TransferBranchInfoDefaultingToMain"]
          )
        | null;
      /**
       * Preserve Client Tts Overrides
       * @default false
       */
      preserve_client_tts_overrides: boolean;
    };
    /** TransferBranchInfoDefaultingToMain */
    TransferBranchInfoDefaultingToMain: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      branch_reason: "defaulting_to_main";
      /** Branch Id */
      branch_id: string;
    };
    /** TransferBranchInfoTrafficSplit */
    TransferBranchInfoTrafficSplit: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      branch_reason: "traffic_split";
      /** Branch Id */
      branch_id: string;
      /** Traffic Percentage */
      traffic_percentage: number;
    };
    /** LanguageDetectionToolResultModel */
    LanguageDetectionToolResultModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "language_detection_success";
      /**
       * Status
       * @default success
       * @constant
       */
      status: "success";
      /** Reason */
      reason?: string | null;
      /** Language */
      language?: string | null;
    };
    /** EndCallToolResultModel */
    EndCallToolResultModel: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      result_type: "end_call_success";
      /**
       * Status
       * @default success
       * @constant
       */
      status: "success";
      /** Reason */
      reason?: string | null;
      /** Message */
      message?: string | null;
    };
    /** ConversationHistoryTranscriptOtherToolsResultCommonModel */
    ConversationHistoryTranscriptOtherToolsResultCommonModel: {
      /** Request Id */
      request_id: string;
      /** Tool Name */
      tool_name: string;
      /** Result Value */
      result_value: string;
      /** Is Error */
      is_error: boolean;
      /**
       * Is Blocked
       * @default false
       */
      is_blocked: boolean;
      /** Tool Has Been Called */
      tool_has_been_called: boolean;
      /**
       * Tool Latency Secs
       * @default 0
       */
      tool_latency_secs: number;
      /**
       * Error Type
       * @default
       */
      error_type: string;
      /**
       * Raw Error Message
       * @default
       */
      raw_error_message: string;
      /** Dynamic Variable Updates */
      dynamic_variable_updates?: components["schemas"]["DynamicVariableUpdateCommonModel"][];
      /** Type */
      type?: ("client" | "webhook" | "mcp" | "code") | null;
    };
    /** ConversationHistoryTranscriptToolCallCommonModel */
    "ConversationHistoryTranscriptToolCallCommonModel-Output": {
      type?: components["schemas"]["ToolType"] | null;
      /** Request Id */
      request_id: string;
      /** Tool Name */
      tool_name: string;
      /** Params As Json */
      params_as_json: string;
      /** Tool Has Been Called */
      tool_has_been_called: boolean;
      /** Tool Details */
      tool_details?:
        | (
            | components["schemas"]["ConversationHistoryTranscriptToolCallWebhookDetails"]
            | components["schemas"]["ConversationHistoryTranscriptToolCallClientDetails"]
            | components["schemas"]["ConversationHistoryTranscriptToolCallMCPDetails"]
            | components["schemas"]["ConversationHistoryTranscriptToolCallApiIntegrationWebhookDetails-Output"]
          )
        | null;
    };
    /** ConversationHistoryTranscriptToolCallApiIntegrationWebhookDetails */
    "ConversationHistoryTranscriptToolCallApiIntegrationWebhookDetails-Output": {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      type: "api_integration_webhook";
      /**
       * Integration Id
       * @default
       */
      integration_id: string;
      /**
       * Credential Id
       * @default
       */
      credential_id: string;
      /**
       * Integration Connection Id
       * @default
       */
      integration_connection_id: string;
      webhook_details: components["schemas"]["ConversationHistoryTranscriptToolCallWebhookDetails"];
    };
    /** ConversationHistoryTranscriptToolCallWebhookDetails */
    ConversationHistoryTranscriptToolCallWebhookDetails: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      type: "webhook";
      /** Method */
      method: string;
      /** Url */
      url: string;
      /** Headers */
      headers?: {
        [key: string]: string;
      };
      /** Path Params */
      path_params?: {
        [key: string]: string;
      };
      /** Query Params */
      query_params?: {
        [key: string]: string;
      };
      /** Body */
      body?: string | null;
    };
    /** ConversationHistoryTranscriptToolCallMCPDetails */
    ConversationHistoryTranscriptToolCallMCPDetails: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      type: "mcp";
      /** Mcp Server Id */
      mcp_server_id: string;
      /** Mcp Server Name */
      mcp_server_name: string;
      /** Integration Type */
      integration_type: string;
      /** Parameters */
      parameters?: {
        [key: string]: string;
      };
      /** Approval Policy */
      approval_policy: string;
      /**
       * Requires Approval
       * @default false
       */
      requires_approval: boolean;
      /**
       * Mcp Tool Name
       * @default
       */
      mcp_tool_name: string;
      /**
       * Mcp Tool Description
       * @default
       */
      mcp_tool_description: string;
    };
    /** ConversationHistoryTranscriptToolCallClientDetails */
    ConversationHistoryTranscriptToolCallClientDetails: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      type: "client";
      /** Parameters */
      parameters: string;
    };
    /**
     * ToolType
     * @enum {string}
     */
    ToolType:
      | "system"
      | "webhook"
      | "client"
      | "mcp"
      | "workflow"
      | "api_integration_webhook"
      | "api_integration_mcp"
      | "smb";
    /** WorkflowToolEdgeStepModel */
    WorkflowToolEdgeStepModel: {
      /** Step Latency Secs */
      step_latency_secs: number;
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      type: "edge";
      /** Edge Id */
      edge_id: string;
      /** Target Node Id */
      target_node_id: string;
    };
    /**
     * ConversationHistoryMultivoiceMessageModel
     * @description Represents a message from a multi-voice agent.
     */
    ConversationHistoryMultivoiceMessageModel: {
      /** Parts */
      parts: components["schemas"]["ConversationHistoryMultivoiceMessagePartModel"][];
    };
    /**
     * ConversationHistoryMultivoiceMessagePartModel
     * @description Represents a single voice part of a multi-voice message.
     */
    ConversationHistoryMultivoiceMessagePartModel: {
      /** Text */
      text: string;
      /** Voice Label */
      voice_label: string | null;
      /** Time In Call Secs */
      time_in_call_secs: number | null;
    };
    /** AgentMetadata */
    AgentMetadata: {
      /** Agent Id */
      agent_id: string;
      /** Branch Id */
      branch_id?: string | null;
      /** Workflow Node Id */
      workflow_node_id?: string | null;
      /** Version Id */
      version_id?: string | null;
    };
    /** ConversationInitiationClientDataRequest */
    "ConversationInitiationClientDataRequest-Output": {
      conversation_config_override?: components["schemas"]["ConversationConfigClientOverride-Output"];
      /** Custom Llm Extra Body */
      custom_llm_extra_body?: {
        [key: string]: unknown;
      };
      /**
       * User Id
       * @description ID of the end user participating in this conversation (for agent owner's user identification)
       */
      user_id?: string | null;
      source_info?: components["schemas"]["ConversationInitiationSourceInfo"];
      /**
       * Branch Id
       * @description ID of the agent branch to use for this conversation
       */
      branch_id?: string | null;
      /**
       * Environment
       * @description Environment to use for resolving environment variables
       */
      environment?: string | null;
      /**
       * Starting Workflow Node Id
       * @description If set, start the workflow at this node id instead of the default entry
       */
      starting_workflow_node_id?: string | null;
      /**
       * Procedure Ids
       * @description If set, only these procedures are available to the starting agent. Each ID must be attached to that agent; unknown IDs fail conversation start. An empty list disables all of that agent's procedures. Not applied after an agent transfer. Requires enable_procedure_ids_from_client.
       */
      procedure_ids?: string[] | null;
      /** Dynamic Variables */
      dynamic_variables?: {
        [key: string]: unknown;
      };
    };
    /**
     * ConversationInitiationSourceInfo
     * @description Information about the source of conversation initiation
     */
    ConversationInitiationSourceInfo: {
      /** @description Source of the conversation initiation */
      source?: components["schemas"]["ConversationInitiationSource"] | null;
      /**
       * Version
       * @description The SDK version number
       */
      version?: string | null;
    };
    /**
     * ConversationInitiationSource
     * @description Enum representing the possible sources for conversation initiation.
     * @default unknown
     * @enum {string}
     */
    ConversationInitiationSource:
      | "unknown"
      | "android_sdk"
      | "node_js_sdk"
      | "react_native_sdk"
      | "react_sdk"
      | "js_sdk"
      | "python_sdk"
      | "widget"
      | "sip_trunk"
      | "twilio"
      | "exotel"
      | "genesys"
      | "avaya"
      | "audiocodes"
      | "swift_sdk"
      | "whatsapp"
      | "twilio_sms"
      | "flutter_sdk"
      | "zendesk_integration"
      | "slack_integration"
      | "telegram_integration"
      | "intercom_integration"
      | "freshdesk_integration"
      | "salesforce_integration"
      | "template_preview"
      | "genesys_bot_connector"
      | "subagent_tool";
    /**
     * ConversationConfigClientOverride
     * @example {
     *       "agent": {
     *         "first_message": "Hello, how can I help you today?",
     *         "language": "en",
     *         "prompt": {
     *           "knowledge_base": [],
     *           "llm": "gemini-2.0-flash-001",
     *           "prompt": "You are a helpful assistant that can answer questions about the topic of the conversation.",
     *           "tool_ids": []
     *         }
     *       },
     *       "asr": {
     *         "keywords": [
     *           "hello",
     *           "world"
     *         ]
     *       },
     *       "conversation": {
     *         "max_duration_seconds": 600
     *       },
     *       "tts": {
     *         "model_id": "eleven_turbo_v2",
     *         "pronunciation_dictionary_locators": [],
     *         "similarity_boost": 0.8,
     *         "speed": 1,
     *         "stability": 0.5,
     *         "voice_id": "cjVigY5qzO86Huf0OWal"
     *       },
     *       "turn": {
     *         "soft_timeout_config": {
     *           "message": "Hhmmmm...yeah."
     *         }
     *       }
     *     }
     */
    "ConversationConfigClientOverride-Output": {
      /** @description Configuration for conversational transcription */
      asr?: components["schemas"]["ASRConversationalConfigOverride"] | null;
      /** @description Configuration for turn detection */
      turn?: components["schemas"]["TurnConfigOverride"] | null;
      /** @description Configuration for conversational text to speech */
      tts?: components["schemas"]["TTSConversationalConfigOverride"] | null;
      /** @description Configuration for conversational events */
      conversation?: components["schemas"]["ConversationConfigOverride"] | null;
      /** @description Agent specific configuration */
      agent?: components["schemas"]["AgentConfigOverride-Output"] | null;
    };
    /**
     * AgentConfigOverride
     * @example {
     *       "first_message": "Hello, how can I help you today?",
     *       "language": "en",
     *       "prompt": {
     *         "knowledge_base": [],
     *         "llm": "gemini-2.0-flash-001",
     *         "prompt": "You are a helpful assistant that can answer questions about the topic of the conversation.",
     *         "tool_ids": []
     *       }
     *     }
     */
    "AgentConfigOverride-Output": {
      /**
       * First Message
       * @description If non-empty, the first message the agent will say. If empty, the agent waits for the user to start the discussion.
       */
      first_message?: string | null;
      /**
       * Language
       * @description Language of the agent - used for ASR and TTS
       */
      language?: string | null;
      /**
       * Max Conversation Duration Message
       * @description If non-empty, the message the agent will send when max conversation duration is reached.
       */
      max_conversation_duration_message?: string | null;
      /** @description The prompt for the agent */
      prompt?: components["schemas"]["PromptAgentAPIModelOverride-Output"] | null;
    };
    /**
     * PromptAgentAPIModelOverride
     * @example {
     *       "knowledge_base": [],
     *       "llm": "gemini-2.0-flash-001",
     *       "prompt": "You are a helpful assistant that can answer questions about the topic of the conversation.",
     *       "tool_ids": []
     *     }
     */
    "PromptAgentAPIModelOverride-Output": {
      /**
       * Prompt
       * @description The prompt for the agent
       */
      prompt?: string | null;
      /** @description The LLM to query with the prompt and the chat history. If using data residency, the LLM must be supported in the data residency environment */
      llm?: components["schemas"]["LLM"] | null;
      /**
       * Tool Ids
       * @description A list of IDs of tools used by the agent
       */
      tool_ids?: string[] | null;
      /**
       * Native Mcp Server Ids
       * @description A list of Native MCP server ids to be used by the agent
       */
      native_mcp_server_ids?: string[] | null;
      /**
       * Knowledge Base
       * @description A list of knowledge bases to be used by the agent
       */
      knowledge_base?: components["schemas"]["KnowledgeBaseLocator"][] | null;
    };
    /**
     * KnowledgeBaseLocator
     * @example {
     *       "id": "123",
     *       "name": "My Knowledge Base",
     *       "type": "file",
     *       "usage_mode": "auto"
     *     }
     */
    KnowledgeBaseLocator: {
      /** @description The type of the knowledge base */
      type: components["schemas"]["KnowledgeBaseDocumentType"];
      /**
       * Name
       * @description The name of the knowledge base
       */
      name: string;
      /**
       * Id
       * @description The ID of the knowledge base
       */
      id: string;
      /**
       * @description The usage mode of the knowledge base
       * @default auto
       */
      usage_mode: components["schemas"]["DocumentUsageModeEnum"];
    };
    /**
     * DocumentUsageModeEnum
     * @default auto
     * @enum {string}
     */
    DocumentUsageModeEnum: "prompt" | "auto";
    /**
     * KnowledgeBaseDocumentType
     * @enum {string}
     */
    KnowledgeBaseDocumentType: "file" | "url" | "text" | "folder";
    /**
     * ConversationConfigOverride
     * @example {
     *       "max_duration_seconds": 600
     *     }
     */
    ConversationConfigOverride: {
      /**
       * Text Only
       * @description If enabled audio will not be processed and only text will be used, use to avoid audio pricing.
       */
      text_only?: boolean | null;
      /**
       * Max Duration Seconds
       * @description The maximum duration of a conversation in seconds
       */
      max_duration_seconds?: number | null;
    };
    /**
     * TTSConversationalConfigOverride
     * @example {
     *       "model_id": "eleven_turbo_v2",
     *       "pronunciation_dictionary_locators": [],
     *       "similarity_boost": 0.8,
     *       "speed": 1,
     *       "stability": 0.5,
     *       "voice_id": "cjVigY5qzO86Huf0OWal"
     *     }
     */
    TTSConversationalConfigOverride: {
      /** @description The model to use for TTS */
      model_id?: components["schemas"]["TTSConversationalModel"] | null;
      /**
       * Voice Id
       * @description The voice ID to use for TTS
       */
      voice_id?: string | null;
      /**
       * Stability
       * @description The stability of generated speech
       */
      stability?: number | null;
      /**
       * Speed
       * @description The speed of generated speech
       */
      speed?: number | null;
      /**
       * Similarity Boost
       * @description The similarity boost for generated speech
       */
      similarity_boost?: number | null;
      /**
       * Pronunciation Dictionary Locators
       * @description The pronunciation dictionary locators
       */
      pronunciation_dictionary_locators?:
        components["schemas"]["PydanticPronunciationDictionaryVersionLocator"][] | null;
    };
    /**
     * PydanticPronunciationDictionaryVersionLocator
     * @description A locator for other documents to be able to reference a specific dictionary and it's version.
     *     This is a pydantic version of PronunciationDictionaryVersionLocatorDBModel.
     *     Required to ensure compat with the rest of the agent data models.
     */
    PydanticPronunciationDictionaryVersionLocator: {
      /**
       * Pronunciation Dictionary Id
       * @description The ID of the pronunciation dictionary
       */
      pronunciation_dictionary_id: string;
      /**
       * Version Id
       * @description The ID of the version of the pronunciation dictionary
       */
      version_id: string | null;
    };
    /**
     * TTSConversationalModel
     * @default eleven_flash_v2
     * @enum {string}
     */
    TTSConversationalModel:
      | "eleven_turbo_v2"
      | "eleven_turbo_v2_5"
      | "eleven_flash_v2"
      | "eleven_flash_v2_5"
      | "eleven_multilingual_v2"
      | "eleven_v3_conversational";
    /**
     * TurnConfigOverride
     * @example {
     *       "soft_timeout_config": {
     *         "message": "Hhmmmm...yeah."
     *       }
     *     }
     */
    TurnConfigOverride: {
      /** @description Configuration for soft timeout functionality. Provides immediate feedback during longer LLM responses. */
      soft_timeout_config?: components["schemas"]["SoftTimeoutConfigOverride"] | null;
    };
    /**
     * SoftTimeoutConfigOverride
     * @example {
     *       "message": "Hhmmmm...yeah."
     *     }
     */
    SoftTimeoutConfigOverride: {
      /**
       * Message
       * @description Message to show when the first soft timeout is reached while waiting for LLM response. Supports dynamic variables (e.g., {{system__time}}, {{custom_variable}}).
       */
      message?: string | null;
      /**
       * Additional Soft Timeout Messages
       * @description Extra static filler messages for subsequent soft timeouts in the same LLM generation. The first timeout uses `message`. If fewer messages are configured than `max_soft_timeouts_per_generation`, the last configured message is repeated; otherwise a built-in filler is used.
       */
      additional_soft_timeout_messages?: string[] | null;
    };
    /**
     * ASRConversationalConfigOverride
     * @example {
     *       "keywords": [
     *         "hello",
     *         "world"
     *       ]
     *     }
     */
    ASRConversationalConfigOverride: {
      /**
       * Keywords
       * @description Keywords to boost prediction probability for
       */
      keywords?: string[] | null;
    };
    /**
     * VisitedAgentRef
     * @description An agent (and optional branch) that participated in the call, in first-seen transcript order.
     */
    VisitedAgentRef: {
      /** Agent Id */
      agent_id: string;
      /** Branch Id */
      branch_id?: string | null;
    };
    /** ConversationHistoryAnalysisCommonModel */
    ConversationHistoryAnalysisCommonModel: {
      /** Evaluation Criteria Results */
      evaluation_criteria_results?: {
        [key: string]: components["schemas"]["ConversationHistoryEvaluationCriteriaResultCommonModel"];
      };
      /** Data Collection Results */
      data_collection_results?: {
        [key: string]: components["schemas"]["DataCollectionResultCommonModel"];
      };
      /** Evaluation Criteria Results List */
      evaluation_criteria_results_list?: components["schemas"]["ConversationHistoryEvaluationCriteriaResultCommonModel"][];
      /** Data Collection Results List */
      data_collection_results_list?: components["schemas"]["DataCollectionResultCommonModel"][];
      call_successful: components["schemas"]["EvaluationSuccessResult"];
      /** Call Success Score */
      call_success_score?: number | null;
      /** Transcript Summary */
      transcript_summary: string;
      /** Call Summary Title */
      call_summary_title?: string | null;
      /** Scoped */
      scoped?: components["schemas"]["ScopedAnalysisResult"][];
    };
    /** ScopedAnalysisResult */
    ScopedAnalysisResult: {
      /** @description The scope of the analysis. 'conversation' uses the full transcript; 'agent' uses only the portion where the defining agent was active. */
      scope: components["schemas"]["AnalysisScope"];
      /** Source Agent Id */
      source_agent_id: string;
      /**
       * Source Branch Id
       * @description Branch of the agent for this scoped block; disambiguates repeated agent_id.
       */
      source_branch_id?: string | null;
      /** Evaluation Criteria Results */
      evaluation_criteria_results?: {
        [key: string]: components["schemas"]["ConversationHistoryEvaluationCriteriaResultCommonModel"];
      };
      /** Data Collection Results */
      data_collection_results?: {
        [key: string]: components["schemas"]["DataCollectionResultCommonModel"];
      };
      successful: components["schemas"]["EvaluationSuccessResult"];
      /** Success Score */
      success_score?: number | null;
    };
    /**
     * EvaluationSuccessResult
     * @enum {string}
     */
    EvaluationSuccessResult: "success" | "failure" | "unknown";
    /** DataCollectionResultCommonModel */
    DataCollectionResultCommonModel: {
      /** Data Collection Id */
      data_collection_id: string;
      /** Value */
      value?: unknown;
      json_schema?: components["schemas"]["LiteralJsonSchemaProperty"] | null;
      /** Rationale */
      rationale: string;
    };
    /**
     * LiteralJsonSchemaProperty
     * @description Schema property for literal JSON types. IMPORTANT: Only ONE of the following fields can be set: description (LLM provides value), dynamic_variable (value from variable), is_system_provided (system provides value), constant_value (fixed value), or is_omitted (parameter is omitted). These are mutually exclusive.
     * @example {
     *       "description": "A user-provided message",
     *       "type": "string"
     *     }
     */
    LiteralJsonSchemaProperty: {
      /** Type */
      type: ("boolean" | "string" | "integer" | "number") | string[];
      /**
       * Description
       * @description The description of the property. When set, the LLM will provide the value based on this description. Mutually exclusive with dynamic_variable, is_system_provided, constant_value, and is_omitted.
       * @default
       */
      description: string;
      /**
       * Enum
       * @description List of allowed string values for string type parameters
       */
      enum?: string[] | null;
      /**
       * Is System Provided
       * @description If true, the value will be populated by the system at runtime. Used by API Integration Webhook tools for templating. Mutually exclusive with description, dynamic_variable, constant_value, and is_omitted.
       * @default false
       */
      is_system_provided: boolean;
      /**
       * Dynamic Variable
       * @description The name of the dynamic variable to use for this property's value. Mutually exclusive with description, is_system_provided, constant_value, and is_omitted.
       * @default
       */
      dynamic_variable: string;
      /**
       * Allowed Values Dynamic Variable
       * @description When set, the LLM provides the value but the runtime rejects any value not present in the list held by this dynamic variable. Use to let the LLM pick from a server-verified set (e.g. the IDs the current user is allowed to access). Requires description; mutually exclusive with dynamic_variable, is_system_provided, constant_value, and is_omitted.
       * @default
       */
      allowed_values_dynamic_variable: string;
      /**
       * Constant Value
       * @description A constant value to use for this property. Mutually exclusive with description, dynamic_variable, is_system_provided, and is_omitted.
       * @default
       */
      constant_value: string | number | boolean | null;
      /**
       * Is Omitted
       * @description If true, this parameter will be completely omitted from the request. Only valid for optional parameters. Mutually exclusive with description, dynamic_variable, is_system_provided, and constant_value.
       * @default false
       */
      is_omitted: boolean;
    };
    /** ConversationHistoryEvaluationCriteriaResultCommonModel */
    ConversationHistoryEvaluationCriteriaResultCommonModel: {
      /** Criteria Id */
      criteria_id: string;
      result: components["schemas"]["EvaluationSuccessResult"];
      /** Rationale */
      rationale: string;
      scoring_mode?: components["schemas"]["CriteriaScoringMode"] | null;
      /** Score */
      score?: number | null;
      /** Max Score */
      max_score?: number | null;
    };
    /**
     * CriteriaScoringMode
     * @default binary
     * @enum {string}
     */
    CriteriaScoringMode: "binary" | "numeric_uniform";
    /**
     * AnalysisScope
     * @default conversation
     * @enum {string}
     */
    AnalysisScope: "conversation" | "agent";
    /** ConversationHistoryMetadataCommonModel */
    ConversationHistoryMetadataCommonModel: {
      /** Start Time Unix Secs */
      start_time_unix_secs: number;
      /** Accepted Time Unix Secs */
      accepted_time_unix_secs?: number | null;
      /** Call Duration Secs */
      call_duration_secs: number;
      /** Cost */
      cost?: number | null;
      deletion_settings?: components["schemas"]["ConversationDeletionSettings"];
      feedback?: components["schemas"]["ConversationHistoryFeedbackCommonModel"];
      /** @default public */
      authorization_method: components["schemas"]["AuthorizationMethod"];
      charging?: components["schemas"]["ConversationChargingCommonModel"];
      /** Phone Call */
      phone_call?:
        | (
            | components["schemas"]["ConversationHistoryTwilioPhoneCallModel"]
            | components["schemas"]["ConversationHistoryExotelPhoneCallModel"]
            | components["schemas"]["ConversationHistorySIPTrunkingPhoneCallModel"]
          )
        | null;
      batch_call?: components["schemas"]["ConversationHistoryBatchCallModel"] | null;
      /**
       * Termination Reason
       * @default
       */
      termination_reason: string;
      error?: components["schemas"]["ConversationHistoryErrorCommonModel"] | null;
      /** Warnings */
      warnings?: string[];
      /** Main Language */
      main_language?: string | null;
      rag_usage?: components["schemas"]["ConversationHistoryRagUsageCommonModel"] | null;
      /**
       * Text Only
       * @default false
       */
      text_only: boolean;
      features_usage?: components["schemas"]["FeaturesUsageCommonModel"];
      eleven_assistant?: components["schemas"]["ConversationHistoryElevenAssistantCommonModel"];
      /** Initiator Id */
      initiator_id?: string | null;
      /** @default unknown */
      conversation_initiation_source: components["schemas"]["ConversationInitiationSource"];
      /** Conversation Initiation Source Version */
      conversation_initiation_source_version?: string | null;
      /** Timezone */
      timezone?: string | null;
      async_metadata?: components["schemas"]["AsyncConversationMetadata"] | null;
      whatsapp?: components["schemas"]["WhatsAppConversationInfo"] | null;
      sms?: components["schemas"]["SMSConversationInfo"] | null;
      /** @default unknown */
      agent_created_from: components["schemas"]["AgentDefinitionSource"];
      /** @default unknown */
      agent_last_updated_from: components["schemas"]["AgentDefinitionSource"];
      /** Voice Rewards */
      voice_rewards?: components["schemas"]["ConversationVoiceRewardModel"][];
      /**
       * Cost Fiat
       * @description Total fiat cost of the conversation in USD, i.e. the sum of the LLM price and the non-LLM platform price (the fiat analogue of ``cost``). ``None`` when neither is set (e.g. conversations that predate fiat cost tracking).
       */
      readonly cost_fiat: number | null;
    };
    /** ConversationVoiceRewardModel */
    ConversationVoiceRewardModel: {
      /** Voice Id */
      voice_id: string;
      /** Reward Usd Cents */
      reward_usd_cents: number;
    };
    /**
     * AgentDefinitionSource
     * @default unknown
     * @enum {string}
     */
    AgentDefinitionSource: "cli" | "ui" | "api" | "template" | "unknown";
    /** SMSConversationInfo */
    SMSConversationInfo: {
      /**
       * Direction
       * @enum {string}
       */
      direction: "inbound" | "outbound";
      /** Phone Number Id */
      phone_number_id?: string | null;
      /** Sms User Phone Number */
      sms_user_phone_number: string;
      /** Agent Phone Number */
      agent_phone_number?: string | null;
    };
    /** WhatsAppConversationInfo */
    WhatsAppConversationInfo: {
      /**
       * Direction
       * @default unknown
       * @enum {string}
       */
      direction: "inbound" | "outbound" | "unknown";
      /** Whatsapp Phone Number Id */
      whatsapp_phone_number_id?: string | null;
      /** Whatsapp User Id */
      whatsapp_user_id: string;
      /** Awaiting First User Message */
      awaiting_first_user_message?: boolean | null;
    };
    /**
     * AsyncConversationMetadata
     * @description Metadata for async conversation delivery (Zendesk, Slack, etc.).
     */
    AsyncConversationMetadata: {
      /**
       * Delivery Status
       * @enum {string}
       */
      delivery_status: "pending" | "success" | "failed";
      /** Delivery Timestamp */
      delivery_timestamp: number;
      /** Delivery Error */
      delivery_error?: string | null;
      /** External System */
      external_system: string;
      /** External Id */
      external_id: string;
      /** External Link */
      external_link?: string | null;
      /**
       * Retry Count
       * @default 0
       */
      retry_count: number;
      /** Last Retry Timestamp */
      last_retry_timestamp?: number | null;
      /** Last Processed External Message Id */
      last_processed_external_message_id?: string | null;
    };
    /** ConversationHistoryElevenAssistantCommonModel */
    ConversationHistoryElevenAssistantCommonModel: {
      /**
       * Is Eleven Assistant
       * @default false
       */
      is_eleven_assistant: boolean;
    };
    /** FeaturesUsageCommonModel */
    FeaturesUsageCommonModel: {
      language_detection?: components["schemas"]["FeatureStatusCommonModel"];
      transfer_to_agent?: components["schemas"]["FeatureStatusCommonModel"];
      transfer_to_number?: components["schemas"]["FeatureStatusCommonModel"];
      multivoice?: components["schemas"]["FeatureStatusCommonModel"];
      dtmf_tones?: components["schemas"]["FeatureStatusCommonModel"];
      external_mcp_servers?: components["schemas"]["FeatureStatusCommonModel"];
      /**
       * Pii Zrm Workspace
       * @default false
       */
      pii_zrm_workspace: boolean;
      /**
       * Pii Zrm Agent
       * @default false
       */
      pii_zrm_agent: boolean;
      tool_dynamic_variable_updates?: components["schemas"]["FeatureStatusCommonModel"];
      /**
       * Is Livekit
       * @default false
       */
      is_livekit: boolean;
      voicemail_detection?: components["schemas"]["FeatureStatusCommonModel"];
      dtmf_input?: components["schemas"]["FeatureStatusCommonModel"];
      workflow?: components["schemas"]["WorkflowFeaturesUsageCommonModel"];
      agent_testing?: components["schemas"]["TestsFeatureUsageCommonModel"];
      versioning?: components["schemas"]["FeatureStatusCommonModel"];
      file_input?: components["schemas"]["FeatureStatusCommonModel"];
    };
    /** FeatureStatusCommonModel */
    FeatureStatusCommonModel: {
      /**
       * Enabled
       * @default false
       */
      enabled: boolean;
      /**
       * Used
       * @default false
       */
      used: boolean;
    };
    /** TestsFeatureUsageCommonModel */
    TestsFeatureUsageCommonModel: {
      /**
       * Enabled
       * @default false
       */
      enabled: boolean;
      /**
       * Tests Ran After Last Modification
       * @default false
       */
      tests_ran_after_last_modification: boolean;
      /**
       * Tests Ran In Last 7 Days
       * @default false
       */
      tests_ran_in_last_7_days: boolean;
    };
    /** WorkflowFeaturesUsageCommonModel */
    WorkflowFeaturesUsageCommonModel: {
      /**
       * Enabled
       * @default false
       */
      enabled: boolean;
      tool_node?: components["schemas"]["FeatureStatusCommonModel"];
      standalone_agent_node?: components["schemas"]["FeatureStatusCommonModel"];
      phone_number_node?: components["schemas"]["FeatureStatusCommonModel"];
      end_node?: components["schemas"]["FeatureStatusCommonModel"];
    };
    /** ConversationHistoryRagUsageCommonModel */
    ConversationHistoryRagUsageCommonModel: {
      /** Usage Count */
      usage_count: number;
      /** Embedding Model */
      embedding_model: string;
    };
    /** ConversationHistoryErrorCommonModel */
    ConversationHistoryErrorCommonModel: {
      /** Code */
      code: number;
      /** Reason */
      reason?: string | null;
    };
    /** ConversationHistoryBatchCallModel */
    ConversationHistoryBatchCallModel: {
      /** Batch Call Id */
      batch_call_id: string;
      /** Batch Call Recipient Id */
      batch_call_recipient_id: string;
    };
    /** ConversationHistorySIPTrunkingPhoneCallModel */
    ConversationHistorySIPTrunkingPhoneCallModel: {
      direction: components["schemas"]["TelephonyDirection"];
      /** Phone Number Id */
      phone_number_id: string;
      /** Agent Number */
      agent_number: string;
      /** External Number */
      external_number: string;
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      type: "sip_trunking";
      /** Call Id */
      call_id?: string | null;
      /** Call Sid */
      call_sid: string;
      /** Sip Header Dynamic Variables */
      sip_header_dynamic_variables?: {
        [key: string]: string;
      };
    };
    /**
     * TelephonyDirection
     * @default inbound
     * @enum {string}
     */
    TelephonyDirection: "inbound" | "outbound";
    /** ConversationHistoryExotelPhoneCallModel */
    ConversationHistoryExotelPhoneCallModel: {
      direction: components["schemas"]["TelephonyDirection"];
      /** Phone Number Id */
      phone_number_id: string;
      /** Agent Number */
      agent_number: string;
      /** External Number */
      external_number: string;
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      type: "exotel";
      /** Stream Sid */
      stream_sid: string;
      /** Call Sid */
      call_sid: string;
    };
    /** ConversationHistoryTwilioPhoneCallModel */
    ConversationHistoryTwilioPhoneCallModel: {
      direction: components["schemas"]["TelephonyDirection"];
      /** Phone Number Id */
      phone_number_id: string;
      /** Agent Number */
      agent_number: string;
      /** External Number */
      external_number: string;
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      type: "twilio";
      /** Stream Sid */
      stream_sid: string;
      /** Call Sid */
      call_sid: string;
    };
    /** ConversationChargingCommonModel */
    ConversationChargingCommonModel: {
      /**
       * Dev Discount
       * @default false
       */
      dev_discount: boolean;
      /**
       * Is Burst
       * @default false
       */
      is_burst: boolean;
      /** Tier */
      tier?: string | null;
      llm_usage?: components["schemas"]["LLMCategoryUsage"];
      /** Llm Price */
      llm_price?: number | null;
      /** Llm Charge */
      llm_charge?: number | null;
      /** Call Charge */
      call_charge?: number | null;
      /** Platform Charge */
      platform_charge?: number | null;
      platform_usage?: components["schemas"]["PlatformUsage"];
      /** Platform Price */
      platform_price?: number | null;
      /**
       * Free Minutes Consumed
       * @default 0
       */
      free_minutes_consumed: number;
      /**
       * Free Llm Dollars Consumed
       * @default 0
       */
      free_llm_dollars_consumed: number;
      tts_usage?: components["schemas"]["ConversationTTSUsageModel"] | null;
      asr_usage?: components["schemas"]["ConversationASRUsageModel"] | null;
      analysis?: components["schemas"]["AnalysisCharging"] | null;
    };
    /**
     * AnalysisCharging
     * @description Cost of running post-call analysis on this conversation.
     *     Present once an analysis pass has run, billed or not.
     */
    AnalysisCharging: {
      total: components["schemas"]["AnalysisRunningTotal"];
      last_run: components["schemas"]["AnalysisRunSnapshot"];
    };
    /**
     * AnalysisRunSnapshot
     * @description LLM cost of the most recent post-call analysis pass on this conversation.
     */
    AnalysisRunSnapshot: {
      /**
       * Price
       * @default 0
       */
      price: number;
      /**
       * Charge
       * @default 0
       */
      charge: number;
      /** Price Per Feature */
      price_per_feature?: {
        [key: string]: number;
      };
      /** Charge Per Feature */
      charge_per_feature?: {
        [key: string]: number;
      };
    };
    /**
     * AnalysisType
     * @enum {string}
     */
    AnalysisType: "evaluation_criteria" | "data_collection";
    /**
     * AnalysisRunningTotal
     * @description Cumulative LLM cost of running post-call analysis on this conversation.
     */
    AnalysisRunningTotal: {
      /**
       * Price
       * @default 0
       */
      price: number;
      /**
       * Charge
       * @default 0
       */
      charge: number;
      /**
       * Runs
       * @default 0
       */
      runs: number;
      /** Price Per Feature */
      price_per_feature?: {
        [key: string]: number;
      };
      /** Charge Per Feature */
      charge_per_feature?: {
        [key: string]: number;
      };
    };
    /**
     * ConversationASRUsageModel
     * @description Aggregated ASR usage for a conversation (analytics-only, not billing).
     */
    ConversationASRUsageModel: {
      /** Asr Model */
      asr_model?: string | null;
      /**
       * Total Transcription Calls
       * @default 0
       */
      total_transcription_calls: number;
      /**
       * Total Audio Input Seconds
       * @default 0
       */
      total_audio_input_seconds: number;
    };
    /**
     * ConversationTTSUsageModel
     * @description Aggregated TTS usage for a conversation (analytics-only, not billing).
     */
    ConversationTTSUsageModel: {
      /** Primary Tts Model */
      primary_tts_model?: string | null;
      /**
       * Total Audio Output Seconds
       * @default 0
       */
      total_audio_output_seconds: number;
      /**
       * Total Characters
       * @default 0
       */
      total_characters: number;
      /** Per Voice Usage */
      per_voice_usage?: components["schemas"]["ConversationVoiceUsageModel"][];
    };
    /** ConversationVoiceUsageModel */
    ConversationVoiceUsageModel: {
      /** Voice Id */
      voice_id: string;
      /**
       * Audio Output Seconds
       * @default 0
       */
      audio_output_seconds: number;
    };
    /**
     * PlatformUsage
     * @description Per-category breakdown of ``platform_charge`` (the analogue of ``llm_usage``).
     */
    PlatformUsage: {
      /** Category Usage */
      category_usage?: {
        [key: string]: components["schemas"]["PlatformCategoryUsage"];
      };
    };
    /**
     * PlatformCategory
     * @description Buckets that make up the non-LLM ``platform_charge`` of a conversation.
     * @enum {string}
     */
    PlatformCategory: "voice" | "silence" | "burst" | "asr" | "text_message" | "reception" | "other";
    /**
     * PlatformCategoryUsage
     * @description Accumulated charge for a single :class:`PlatformCategory`.
     */
    PlatformCategoryUsage: {
      /**
       * Credits
       * @default 0
       */
      credits: number;
      /**
       * Price
       * @default 0
       */
      price: number;
      /**
       * Quantity
       * @default 0
       */
      quantity: number;
    };
    /** LLMCategoryUsage */
    LLMCategoryUsage: {
      irreversible_generation?: components["schemas"]["LLMUsage-Output"];
      initiated_generation?: components["schemas"]["LLMUsage-Output"];
    };
    /**
     * AuthorizationMethod
     * @default public
     * @enum {string}
     */
    AuthorizationMethod:
      | "invalid"
      | "public"
      | "authorization_header"
      | "signed_url"
      | "shareable_link"
      | "livekit_token"
      | "livekit_token_website"
      | "genesys_api_key"
      | "avaya_api_key"
      | "audiocodes_api_key"
      | "whatsapp"
      | "sms";
    /** ConversationHistoryFeedbackCommonModel */
    ConversationHistoryFeedbackCommonModel: {
      type?: components["schemas"]["ConversationFeedbackType"] | null;
      overall_score?: components["schemas"]["UserFeedbackScore"] | null;
      /**
       * Likes
       * @default 0
       */
      likes: number;
      /**
       * Dislikes
       * @default 0
       */
      dislikes: number;
      /** Rating */
      rating?: number | null;
      /** Comment */
      comment?: string | null;
    };
    /**
     * ConversationFeedbackType
     * @enum {string}
     */
    ConversationFeedbackType: "thumbs" | "rating";
    /** ConversationDeletionSettings */
    ConversationDeletionSettings: {
      /** Deletion Time Unix Secs */
      deletion_time_unix_secs?: number | null;
      /** Deleted Logs At Time Unix Secs */
      deleted_logs_at_time_unix_secs?: number | null;
      /** Deleted Audio At Time Unix Secs */
      deleted_audio_at_time_unix_secs?: number | null;
      /** Deleted Transcript At Time Unix Secs */
      deleted_transcript_at_time_unix_secs?: number | null;
      /**
       * Delete Transcript And Pii
       * @default false
       */
      delete_transcript_and_pii: boolean;
      /**
       * Delete Audio
       * @default false
       */
      delete_audio: boolean;
    };
    /** GetConversationsPageResponseModel */
    GetConversationsPageResponseModel: {
      /** Conversations */
      conversations: components["schemas"]["ConversationSummaryResponseModel"][];
      /** Next Cursor */
      next_cursor?: string | null;
      /** Has More */
      has_more: boolean;
    };
    /** ConversationSummaryResponseModel */
    ConversationSummaryResponseModel: {
      /** Agent Id */
      agent_id: string;
      /** Branch Id */
      branch_id?: string | null;
      /** Version Id */
      version_id?: string | null;
      /** Agent Name */
      agent_name?: string | null;
      /** Conversation Id */
      conversation_id: string;
      /** Start Time Unix Secs */
      start_time_unix_secs: number;
      /** Call Duration Secs */
      call_duration_secs: number;
      /** Message Count */
      message_count: number;
      /**
       * Status
       * @enum {string}
       */
      status: "initiated" | "in-progress" | "processing" | "done" | "failed";
      /**
       * Termination Reason
       * @default
       */
      termination_reason: string;
      call_successful: components["schemas"]["EvaluationSuccessResult"];
      /** Call Success Score */
      call_success_score?: number | null;
      /** Transcript Summary */
      transcript_summary?: string | null;
      /** Call Summary Title */
      call_summary_title?: string | null;
      /** Main Language */
      main_language?: string | null;
      conversation_initiation_source?: components["schemas"]["ConversationInitiationSource"] | null;
      /** Tool Names */
      tool_names?: string[] | null;
      direction?: components["schemas"]["TelephonyDirection"] | null;
      /** Rating */
      rating?: number | null;
      sentiment_analysis?: components["schemas"]["ConversationSentimentAnalysis"] | null;
      /** Data Collection Results */
      data_collection_results?: {
        [key: string]: unknown;
      } | null;
      /** Evaluation Criteria Results */
      evaluation_criteria_results?: {
        [key: string]: components["schemas"]["EvaluationCriteriaSummaryResult"];
      } | null;
      /**
       * Tag Ids
       * @description Conversation tag ids assigned to this conversation.
       */
      tag_ids?: string[];
    };
    /** EvaluationCriteriaSummaryResult */
    EvaluationCriteriaSummaryResult: {
      result: components["schemas"]["EvaluationSuccessResult"];
      /** Score */
      score?: number | null;
      /** Max Score */
      max_score?: number | null;
    };
    /** ConversationSentimentAnalysis */
    ConversationSentimentAnalysis: {
      /**
       * Overall Label
       * @enum {string}
       */
      overall_label: "positive" | "neutral" | "negative";
      /** Overall Sentiment Score */
      overall_sentiment_score: number;
      /** Overall Frustration Score */
      overall_frustration_score: number;
      /** Min User Sentiment Score */
      min_user_sentiment_score: number;
      /** Max User Frustration Score */
      max_user_frustration_score: number;
      /** Num Scored User Turns */
      num_scored_user_turns: number;
    };
    /**
     * SortDirection
     * @enum {string}
     */
    SortDirection: "asc" | "desc";
    /**
     * ConversationProduct
     * @description Which product surface owns this agent document.
     * @enum {string}
     */
    ConversationProduct: "agents" | "speech_engine";
    /** GetConvAISettingsResponseModel */
    GetConvAISettingsResponseModel: {
      conversation_initiation_client_data_webhook?:
        components["schemas"]["ConversationInitiationClientDataWebhook"] | null;
      webhooks?: components["schemas"]["ConvAIWebhooks"];
      /**
       * Can Use Mcp Servers
       * @description Whether the workspace can use MCP servers
       * @default false
       */
      can_use_mcp_servers: boolean;
      /**
       * Rag Retention Period Days
       * @default 10
       */
      rag_retention_period_days: number;
      /**
       * Conversation Embedding Retention Days
       * @description Days to retain conversation embeddings. None means use the system default (30 days).
       */
      conversation_embedding_retention_days?: number | null;
      /** @default standard */
      default_livekit_stack: components["schemas"]["LivekitStackType"];
    };
    /**
     * LivekitStackType
     * @default standard
     * @enum {string}
     */
    LivekitStackType: "standard" | "static";
    /** ConvAIWebhooks */
    ConvAIWebhooks: {
      /** Post Call Webhook Id */
      post_call_webhook_id?: string | null;
      /**
       * Events
       * @description List of event types to send via webhook. Options: transcript, audio, call_initiation_failure, unredacted_transcript, unredacted_audio.
       */
      events?: components["schemas"]["WebhookEventType"][];
      /**
       * @description Format for transcript webhooks.
       * @default json
       */
      transcript_format: components["schemas"]["WebhookTranscriptFormat"];
      /**
       * Send Audio
       * @deprecated
       * @description DEPRECATED: Use 'events' field instead. Whether to send audio data with post-call webhooks for ConvAI conversations
       */
      send_audio?: boolean | null;
    };
    /**
     * WebhookTranscriptFormat
     * @default json
     * @enum {string}
     */
    WebhookTranscriptFormat: "json" | "opentelemetry";
    /**
     * WebhookEventType
     * @enum {string}
     */
    WebhookEventType:
      "transcript" | "audio" | "call_initiation_failure" | "unredacted_transcript" | "unredacted_audio";
    /**
     * ConversationInitiationClientDataWebhook
     * @example {
     *       "request_headers": {
     *         "Content-Type": "application/json"
     *       },
     *       "url": "https://example.com/webhook"
     *     }
     */
    ConversationInitiationClientDataWebhook: {
      /**
       * Url
       * @description The URL to send the webhook to
       */
      url: string;
      /**
       * Request Headers
       * @description The headers to send with the webhook request
       */
      request_headers: {
        [key: string]: string | components["schemas"]["ConvAISecretLocator"];
      };
    };
    /**
     * ConvAISecretLocator
     * @description Used to reference a secret from the agent's secret store.
     */
    ConvAISecretLocator: {
      /** Secret Id */
      secret_id: string;
    };
    /** PatchConvAISettingsRequest */
    PatchConvAISettingsRequest: {
      conversation_initiation_client_data_webhook?:
        components["schemas"]["ConversationInitiationClientDataWebhook"] | null;
      webhooks?: components["schemas"]["ConvAIWebhooks"];
      /**
       * Can Use Mcp Servers
       * @description Whether the workspace can use MCP servers
       * @default false
       */
      can_use_mcp_servers: boolean;
      /**
       * Rag Retention Period Days
       * @default 10
       */
      rag_retention_period_days: number;
      /**
       * Conversation Embedding Retention Days
       * @description Days to retain conversation embeddings. None means use the system default (30 days).
       */
      conversation_embedding_retention_days?: number | null;
      /** @default standard */
      default_livekit_stack: components["schemas"]["LivekitStackType"];
    };
    /**
     * DeleteWorkspaceWebhookResponseModel
     * @example {
     *       "status": "ok"
     *     }
     */
    DeleteWorkspaceWebhookResponseModel: {
      /**
       * Status
       * @description The status of the workspace webhook deletion request. If the request was successful, the status will be 'ok'. Otherwise an error message with status 500 will be returned.
       */
      status: string;
    };
    /**
     * PatchWorkspaceWebhookResponseModel
     * @example {
     *       "status": "ok"
     *     }
     */
    PatchWorkspaceWebhookResponseModel: {
      /**
       * Status
       * @description The status of the workspace webhook patch request. If the request was successful, the status will be 'ok'. Otherwise an error message with status 500 will be returned.
       */
      status: string;
    };
    /** Body_Update_workspace_webhook_v1_workspace_webhooks__webhook_id__patch */
    Body_Update_workspace_webhook_v1_workspace_webhooks__webhook_id__patch: {
      /**
       * Is Disabled
       * @description Whether to disable or enable the webhook
       * @example true
       */
      is_disabled: boolean;
      /**
       * Name
       * @description The display name of the webhook (used for display purposes only).
       * @example My Callback Webhook
       */
      name: string;
      /**
       * Retry Enabled
       * @description Whether to enable automatic retries for transient failures (5xx, 429, timeout)
       * @example true
       */
      retry_enabled?: boolean | null;
      /**
       * Request Headers
       * @description A list of request headers to include with the webhook delivery (optional)
       */
      request_headers?: {
        [key: string]: string;
      } | null;
      /**
       * Events
       * @description The complete set of workspace-level events this webhook should be subscribed to. The webhook is added to the events in the list and removed from any not in the list. Omit to leave the current event subscriptions unchanged.
       * @example [
       *       "voice_library_removal_notice",
       *       "speech_to_text"
       *     ]
       */
      events?: components["schemas"]["WorkspaceWebhookEventType"][] | null;
    };
    /**
     * WorkspaceWebhookEventType
     * @enum {string}
     */
    WorkspaceWebhookEventType: "voice_library_removal_notice" | "speech_to_text" | "agent_qa" | "flows";
    /** WorkspaceCreateWebhookResponseModel */
    WorkspaceCreateWebhookResponseModel: {
      /** Webhook Id */
      webhook_id: string;
      /** Webhook Secret */
      webhook_secret?: string | null;
    };
    /** Body_Create_workspace_webhook_v1_workspace_webhooks_post */
    Body_Create_workspace_webhook_v1_workspace_webhooks_post: {
      /** @description Webhook settings object containing auth_type and corresponding configuration */
      settings: components["schemas"]["WebhookHMACSettings"];
    };
    /**
     * WebhookHMACSettings
     * @description Settings for creating an HMAC-authenticated webhook
     */
    WebhookHMACSettings: {
      /**
       * Auth Type
       * @description The authentication type for this webhook
       * @constant
       */
      auth_type: "hmac";
      /**
       * Name
       * @description The display name for this webhook
       */
      name: string;
      /**
       * Webhook Url
       * @description The HTTPS callback URL that will be called when this webhook is triggered
       */
      webhook_url: string;
      /**
       * Request Headers
       * @description Optional custom request headers to include with each webhook delivery
       */
      request_headers?: {
        [key: string]: string;
      } | null;
    };
    /**
     * WorkspaceWebhookListResponseModel
     * @example {
     *       "webhooks": [
     *         {
     *           "auth_type": "hmac",
     *           "created_at_unix": 123456789,
     *           "is_auto_disabled": false,
     *           "is_disabled": false,
     *           "most_recent_failure_error_code": 404,
     *           "most_recent_failure_timestamp": 123456799,
     *           "name": "My Webhook",
     *           "usage": [
     *             {
     *               "usage_type": "ConvAI Settings"
     *             }
     *           ],
     *           "webhook_id": "123",
     *           "webhook_url": "https://elevenlabs.io/example-callback-url"
     *         }
     *       ]
     *     }
     */
    WorkspaceWebhookListResponseModel: {
      /**
       * Webhooks
       * @description List of webhooks currently configured for the workspace
       */
      webhooks: components["schemas"]["WorkspaceWebhookResponseModel"][];
    };
    /** WorkspaceWebhookResponseModel */
    WorkspaceWebhookResponseModel: {
      /**
       * Name
       * @description The display name for this webhook.
       */
      name: string;
      /**
       * Webhook Id
       * @description The unique ID for this webhook.
       */
      webhook_id: string;
      /**
       * Webhook Url
       * @description The HTTPS callback URL that is called when this webhook is triggered in the platform.
       */
      webhook_url: string;
      /**
       * Is Disabled
       * @description Whether the webhook has been manually disabled by a user.
       */
      is_disabled: boolean;
      /**
       * Is Auto Disabled
       * @description Whether the webhook has been automatically disabled due to repeated consecutive failures over a long period of time.
       */
      is_auto_disabled: boolean;
      /**
       * Created At Unix
       * @description Original creation time of the webhook.
       */
      created_at_unix: number;
      /** @description The authentication mode used to secure the webhook. */
      auth_type: components["schemas"]["WebhookAuthMethodType"];
      /**
       * Usage
       * @description The list of products that are currently configured to trigger this webhook.
       */
      usage?: components["schemas"]["WorkspaceWebhookUsageResponseModel"][] | null;
      /**
       * Events
       * @description The workspace-level events this webhook is currently subscribed to. Only populated when usages are requested.
       */
      events?: components["schemas"]["WorkspaceWebhookEventType"][] | null;
      /**
       * Most Recent Failure Error Code
       * @description The most recent error code returned from the callback URL.
       */
      most_recent_failure_error_code?: number | null;
      /**
       * Most Recent Failure Timestamp
       * @description The most recent time the webhook failed, failures are any non-200 codes returned by the callback URL.
       */
      most_recent_failure_timestamp?: number | null;
    };
    /** WorkspaceWebhookUsageResponseModel */
    WorkspaceWebhookUsageResponseModel: {
      usage_type: components["schemas"]["WebhookUsageType"];
    };
    /**
     * WebhookUsageType
     * @enum {string}
     */
    WebhookUsageType:
      | "ConvAI Agent Settings"
      | "ConvAI Settings"
      | "Voice Library Removal Notices"
      | "Speech to Text"
      | "Agent QA Evaluations"
      | "ConvAI Alerting"
      | "Flows"
      | "Dubbing";
    /**
     * WebhookAuthMethodType
     * @enum {string}
     */
    WebhookAuthMethodType: "hmac" | "oauth2" | "mtls";
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  get_workspace_webhooks_route: {
    parameters: {
      query?: {
        /** @description Whether to include active usages of the webhook, only usable by admins */
        include_usages?: boolean;
      };
      header?: {
        /** @description Your API key. This is required by most endpoints to access our API programmatically. You can view your xi-api-key using the 'Profile' tab on the website. */
        "xi-api-key"?: string | null;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["WorkspaceWebhookListResponseModel"];
        };
      };
      /** @description Validation Error */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["HTTPValidationError"];
        };
      };
    };
  };
  create_workspace_webhook_route: {
    parameters: {
      query?: never;
      header?: {
        /** @description Your API key. This is required by most endpoints to access our API programmatically. You can view your xi-api-key using the 'Profile' tab on the website. */
        "xi-api-key"?: string | null;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["Body_Create_workspace_webhook_v1_workspace_webhooks_post"];
      };
    };
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["WorkspaceCreateWebhookResponseModel"];
        };
      };
      /** @description Validation Error */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["HTTPValidationError"];
        };
      };
    };
  };
  delete_workspace_webhook_route: {
    parameters: {
      query?: never;
      header?: {
        /** @description Your API key. This is required by most endpoints to access our API programmatically. You can view your xi-api-key using the 'Profile' tab on the website. */
        "xi-api-key"?: string | null;
      };
      path: {
        /** @description The unique ID for the webhook */
        webhook_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["DeleteWorkspaceWebhookResponseModel"];
        };
      };
      /** @description Validation Error */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["HTTPValidationError"];
        };
      };
    };
  };
  edit_workspace_webhook_route: {
    parameters: {
      query?: never;
      header?: {
        /** @description Your API key. This is required by most endpoints to access our API programmatically. You can view your xi-api-key using the 'Profile' tab on the website. */
        "xi-api-key"?: string | null;
      };
      path: {
        /** @description The unique ID for the webhook */
        webhook_id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["Body_Update_workspace_webhook_v1_workspace_webhooks__webhook_id__patch"];
      };
    };
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["PatchWorkspaceWebhookResponseModel"];
        };
      };
      /** @description Validation Error */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["HTTPValidationError"];
        };
      };
    };
  };
  get_settings_route: {
    parameters: {
      query?: never;
      header?: {
        /** @description Your API key. This is required by most endpoints to access our API programmatically. You can view your xi-api-key using the 'Profile' tab on the website. */
        "xi-api-key"?: string | null;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["GetConvAISettingsResponseModel"];
        };
      };
      /** @description Validation Error */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["HTTPValidationError"];
        };
      };
    };
  };
  update_settings_route: {
    parameters: {
      query?: never;
      header?: {
        /** @description Your API key. This is required by most endpoints to access our API programmatically. You can view your xi-api-key using the 'Profile' tab on the website. */
        "xi-api-key"?: string | null;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["PatchConvAISettingsRequest"];
      };
    };
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["GetConvAISettingsResponseModel"];
        };
      };
      /** @description Validation Error */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["HTTPValidationError"];
        };
      };
    };
  };
  get_conversation_histories_route: {
    parameters: {
      query?: {
        /** @description Used for fetching next page. Cursor is returned in the response. */
        cursor?: string | null;
        /** @description Agent id (agent_…) or speech engine external id (seng_), resolved to the same underlying resource. */
        agent_id?: string | null;
        /** @description Filter conversations where any of these agents participated. Can not exceed 50 values. */
        visited_agent_ids?: string[] | null;
        /** @description Filter conversations where any of these agent branches participated. Can not exceed 50 values. */
        visited_agent_branch_ids?: string[] | null;
        /** @description Filter conversations where any of these procedures were triggered. Can not exceed 50 values. */
        triggered_procedure_ids?: string[] | null;
        /** @description The result of the success evaluation */
        call_successful?: components["schemas"]["EvaluationSuccessResult"] | null;
        /** @description Unix timestamp (in seconds) to filter conversations up to this start date. */
        call_start_before_unix?: number | null;
        /** @description Unix timestamp (in seconds) to filter conversations after to this start date. */
        call_start_after_unix?: number | null;
        /** @description Minimum call duration in seconds. */
        call_duration_min_secs?: number | null;
        /** @description Maximum call duration in seconds. */
        call_duration_max_secs?: number | null;
        /** @description Maximum overall rating (1-5). */
        rating_max?: number | null;
        /** @description Minimum overall rating (1-5). */
        rating_min?: number | null;
        /** @description Filter conversations with user feedback comments. */
        has_feedback_comment?: boolean | null;
        /** @description Filter conversations by the user ID who initiated them. */
        user_id?: string | null;
        /** @description Evaluation filters. Repeat param. Format: criteria_id:result. Example: eval=value_framing:success */
        evaluation_params?: string[] | null;
        /** @description Data collection filters. Repeat param. Format: id:op:value where op is one of eq|neq|gt|gte|lt|lte|in|exists|missing. For in, pipe-delimit values. */
        data_collection_params?: string[] | null;
        /** @description Data collection field IDs to include in each conversation summary. Repeat param. When omitted, data_collection_results is not returned. */
        data_collection_ids?: string[] | null;
        /** @description Evaluation criteria IDs to include in each conversation summary. Repeat param. When omitted, evaluation_criteria_results is not returned. */
        evaluation_criteria_ids?: string[] | null;
        /** @description Filter conversations by tool names used during the call. */
        tool_names?: string[] | null;
        /** @description Filter conversations by tool names that had successful calls. */
        tool_names_successful?: string[] | null;
        /** @description Filter conversations by tool names that had errored calls. */
        tool_names_errored?: string[] | null;
        /** @description Also match tool calls that never ran. */
        include_invalid_tool_calls?: boolean;
        /** @description Filter conversations by detected main language (language code). */
        main_languages?: string[] | null;
        /** @description How many conversations to return at maximum. Can not exceed 100, defaults to 30. */
        page_size?: number;
        /** @description Whether to include transcript summaries in the response. */
        summary_mode?: "exclude" | "include";
        /**
         * @deprecated
         * @description Full-text or fuzzy search over transcript messages
         */
        search?: string | null;
        conversation_initiation_source?: components["schemas"]["ConversationInitiationSource"] | null;
        text_only?: boolean | null;
        /** @description Restrict results to a single conversation product surface. */
        conversation_product_type?: components["schemas"]["ConversationProduct"] | null;
        /** @description Filter conversations by branch ID. */
        branch_id?: string | null;
        /** @description Filter conversations by version ID. */
        version_id?: string | null;
        /** @description Filter conversations by parent conversation ID for subagent conversations. */
        parent_conversation_id?: string | null;
        /** @description Filter conversations by topic IDs assigned during topic discovery. */
        topic_ids?: string[] | null;
        /** @description Exclude conversations with the given statuses. Useful for hiding in-progress / processing conversations from list views. */
        exclude_statuses?: ("initiated" | "in-progress" | "processing" | "done" | "failed")[] | null;
        /** @description Filter conversations by conversation tag IDs assigned via the conversation-tags endpoints. */
        tag_ids?: string[] | null;
        /** @description Filter conversations to only those that entered the given node. */
        workflow_node_entered_id?: string | null;
        /** @description Filter conversations by their stored termination_reason (metadata.termination_reason). Repeat param to match any of several. */
        termination_reasons?: string[] | null;
        /** @description Filter to conversations where a guardrail of any of these types triggered (metadata.triggered_guardrails.guardrail_type). Repeat param to match any of several. */
        guardrail_types?: components["schemas"]["GuardrailType"][] | null;
        /** @description Filter to conversations where a custom guardrail with any of these names triggered (metadata.triggered_guardrails.guardrail_name). Only custom guardrails carry a name. Repeat param to match any of several. */
        custom_guardrail_names?: string[] | null;
        /** @description The direction to sort conversations by call start time. Defaults to descending (newest first). */
        sort_direction?: components["schemas"]["SortDirection"];
      };
      header?: {
        /** @description Your API key. This is required by most endpoints to access our API programmatically. You can view your xi-api-key using the 'Profile' tab on the website. */
        "xi-api-key"?: string | null;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["GetConversationsPageResponseModel"];
        };
      };
      /** @description Validation Error */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["HTTPValidationError"];
        };
      };
    };
  };
  get_conversation_history_route: {
    parameters: {
      query?: {
        /** @description Response format. Defaults to 'json'. Set to 'opentelemetry' for an OTLP-compatible trace payload using the same structure as the post-call webhook. */
        format?: "json" | "opentelemetry";
      };
      header?: {
        /** @description Your API key. This is required by most endpoints to access our API programmatically. You can view your xi-api-key using the 'Profile' tab on the website. */
        "xi-api-key"?: string | null;
      };
      path: {
        /** @description The id of the conversation you're taking the action on. */
        conversation_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["GetConversationResponseModel"];
        };
      };
      /** @description Validation Error */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["HTTPValidationError"];
        };
      };
    };
  };
  get_conversation_audio_route: {
    parameters: {
      query?: never;
      header?: {
        /** @description Your API key. This is required by most endpoints to access our API programmatically. You can view your xi-api-key using the 'Profile' tab on the website. */
        "xi-api-key"?: string | null;
      };
      path: {
        /** @description The id of the conversation you're taking the action on. */
        conversation_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "audio/mpeg": unknown;
        };
      };
      /** @description Validation Error */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["HTTPValidationError"];
        };
      };
    };
  };
}
