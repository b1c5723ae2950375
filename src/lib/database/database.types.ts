// Generated from supabase/migrations by `npm run types:generate`. Do not edit.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      alerts: {
        Row: {
          acknowledged_at: string | null;
          acknowledged_by: string | null;
          claimed_until: string | null;
          id: string;
          offenders: NonNullable<Json>;
          opened_at: string;
          query: string;
          reminded_at: string | null;
          reminder_count: number;
          resolved_at: string | null;
          rule: string;
          seen_at: string;
          severity: string;
          status: string;
          subject: string;
          threshold: number;
          untold: string | null;
          value: number;
        };
        ComputedFields: never;
        Insert: {
          acknowledged_at?: string | null;
          acknowledged_by?: string | null;
          claimed_until?: string | null;
          id?: string;
          offenders: NonNullable<Json>;
          opened_at: string;
          query: string;
          reminded_at?: string | null;
          reminder_count?: number;
          resolved_at?: string | null;
          rule: string;
          seen_at: string;
          severity: string;
          status?: string;
          subject?: string;
          threshold: number;
          untold?: string | null;
          value: number;
        };
        Update: {
          acknowledged_at?: string | null;
          acknowledged_by?: string | null;
          claimed_until?: string | null;
          id?: string;
          offenders?: NonNullable<Json>;
          opened_at?: string;
          query?: string;
          reminded_at?: string | null;
          reminder_count?: number;
          resolved_at?: string | null;
          rule?: string;
          seen_at?: string;
          severity?: string;
          status?: string;
          subject?: string;
          threshold?: number;
          untold?: string | null;
          value?: number;
        };
        Relationships: [];
      };
      analytics_events: {
        Row: {
          at: string;
          id: number;
          name: string;
          subject: string;
        };
        ComputedFields: never;
        Insert: {
          at: string;
          id?: never;
          name: string;
          subject: string;
        };
        Update: {
          at?: string;
          id?: never;
          name?: string;
          subject?: string;
        };
        Relationships: [];
      };
      api_keys: {
        Row: {
          created_at: string;
          expires_at: string | null;
          id: string;
          last_used_at: string | null;
          name: string;
          owner: string;
          revoked_at: string | null;
          role: string;
          secret_hash: string;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          expires_at?: string | null;
          id: string;
          last_used_at?: string | null;
          name: string;
          owner: string;
          revoked_at?: string | null;
          role: string;
          secret_hash: string;
        };
        Update: {
          created_at?: string;
          expires_at?: string | null;
          id?: string;
          last_used_at?: string | null;
          name?: string;
          owner?: string;
          revoked_at?: string | null;
          role?: string;
          secret_hash?: string;
        };
        Relationships: [];
      };
      audit_logs: {
        Row: {
          action: string;
          actor: string;
          at: string;
          id: number;
          target: NonNullable<Json>;
        };
        ComputedFields: never;
        Insert: {
          action: string;
          actor: string;
          at: string;
          id?: never;
          target: NonNullable<Json>;
        };
        Update: {
          action?: string;
          actor?: string;
          at?: string;
          id?: never;
          target?: NonNullable<Json>;
        };
        Relationships: [];
      };
      auth_tokens: {
        Row: {
          created_at: string;
          expires_at: string;
          id: string;
          purpose: string;
          token_hash: string;
          used_at: string | null;
          user_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          expires_at: string;
          id?: string;
          purpose: string;
          token_hash: string;
          used_at?: string | null;
          user_id: string;
        };
        Update: {
          created_at?: string;
          expires_at?: string;
          id?: string;
          purpose?: string;
          token_hash?: string;
          used_at?: string | null;
          user_id?: string;
        };
        Relationships: [];
      };
      blocks: {
        Row: {
          blocked: string;
          blocker: string;
          created_at: string;
        };
        ComputedFields: never;
        Insert: {
          blocked: string;
          blocker: string;
          created_at: string;
        };
        Update: {
          blocked?: string;
          blocker?: string;
          created_at?: string;
        };
        Relationships: [];
      };
      busiest_users: {
        Row: {
          failed_count: number;
          job_count: number;
          last_job_at: string;
          owner: string;
          refreshed_at: string;
        };
        ComputedFields: never;
        Insert: {
          failed_count: number;
          job_count: number;
          last_job_at: string;
          owner: string;
          refreshed_at: string;
        };
        Update: {
          failed_count?: number;
          job_count?: number;
          last_job_at?: string;
          owner?: string;
          refreshed_at?: string;
        };
        Relationships: [];
      };
      campaign_batches: {
        Row: {
          attempts: number;
          batch_no: number;
          campaign_id: string;
          failed_count: number;
          first_sending_at: string | null;
          first_subscriber_id: number;
          last_subscriber_id: number;
          lease_token: string | null;
          part_no: number;
          provider: string | null;
          recipient_count: number;
          recipients: NonNullable<Json>;
          sent_count: number;
          skipped_count: number;
          status: string;
          unknown_count: number;
        };
        ComputedFields: never;
        Insert: {
          attempts?: number;
          batch_no: number;
          campaign_id: string;
          failed_count?: number;
          first_sending_at?: string | null;
          first_subscriber_id: number;
          last_subscriber_id: number;
          lease_token?: string | null;
          part_no: number;
          provider?: string | null;
          recipient_count: number;
          recipients: NonNullable<Json>;
          sent_count?: number;
          skipped_count?: number;
          status?: string;
          unknown_count?: number;
        };
        Update: {
          attempts?: number;
          batch_no?: number;
          campaign_id?: string;
          failed_count?: number;
          first_sending_at?: string | null;
          first_subscriber_id?: number;
          last_subscriber_id?: number;
          lease_token?: string | null;
          part_no?: number;
          provider?: string | null;
          recipient_count?: number;
          recipients?: NonNullable<Json>;
          sent_count?: number;
          skipped_count?: number;
          status?: string;
          unknown_count?: number;
        };
        Relationships: [
          {
            foreignKeyName: "campaign_batches_campaign_id_fkey";
            columns: ["campaign_id"];
            isOneToOne: false;
            referencedRelation: "campaigns";
            referencedColumns: ["id"];
          },
        ];
      };
      campaign_sends: {
        Row: {
          batch_no: number;
          campaign_id: string;
          email: string;
          error_code: string | null;
          note: string | null;
          provider_message_id: string | null;
          reported: string | null;
          status: string;
          subscriber_id: number;
        };
        ComputedFields: never;
        Insert: {
          batch_no: number;
          campaign_id: string;
          email: string;
          error_code?: string | null;
          note?: string | null;
          provider_message_id?: string | null;
          reported?: string | null;
          status?: string;
          subscriber_id: number;
        };
        Update: {
          batch_no?: number;
          campaign_id?: string;
          email?: string;
          error_code?: string | null;
          note?: string | null;
          provider_message_id?: string | null;
          reported?: string | null;
          status?: string;
          subscriber_id?: number;
        };
        Relationships: [];
      };
      campaigns: {
        Row: {
          created_at: string;
          ended_at: string | null;
          html: string | null;
          html_as_text: string | null;
          id: string;
          imprint: Json | null;
          job_id: string | null;
          list_id: string;
          missing_field: string;
          name: string;
          note: string | null;
          owner: string;
          plan_job_id: string | null;
          queued_at: string | null;
          recipient_count: number;
          reply_to: string | null;
          request_hash: string | null;
          resumed_at: string | null;
          sender: string;
          status: string;
          stopped_at: string | null;
          subject: string;
          text: string | null;
          version: number;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          ended_at?: string | null;
          html?: string | null;
          html_as_text?: string | null;
          id?: string;
          imprint?: Json | null;
          job_id?: string | null;
          list_id: string;
          missing_field?: string;
          name: string;
          note?: string | null;
          owner: string;
          plan_job_id?: string | null;
          queued_at?: string | null;
          recipient_count?: number;
          reply_to?: string | null;
          request_hash?: string | null;
          resumed_at?: string | null;
          sender: string;
          status?: string;
          stopped_at?: string | null;
          subject: string;
          text?: string | null;
          version?: number;
        };
        Update: {
          created_at?: string;
          ended_at?: string | null;
          html?: string | null;
          html_as_text?: string | null;
          id?: string;
          imprint?: Json | null;
          job_id?: string | null;
          list_id?: string;
          missing_field?: string;
          name?: string;
          note?: string | null;
          owner?: string;
          plan_job_id?: string | null;
          queued_at?: string | null;
          recipient_count?: number;
          reply_to?: string | null;
          request_hash?: string | null;
          resumed_at?: string | null;
          sender?: string;
          status?: string;
          stopped_at?: string | null;
          subject?: string;
          text?: string | null;
          version?: number;
        };
        Relationships: [
          {
            foreignKeyName: "campaigns_job_id_fkey";
            columns: ["job_id"];
            isOneToOne: false;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "campaigns_list_id_fkey";
            columns: ["list_id"];
            isOneToOne: false;
            referencedRelation: "email_lists";
            referencedColumns: ["id"];
          },
        ];
      };
      contacts: {
        Row: {
          company: string | null;
          created_at: string;
          email: string;
          id: number;
          name: string | null;
          note: string | null;
          owner: string;
          phone: string | null;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          company?: string | null;
          created_at: string;
          email: string;
          id?: never;
          name?: string | null;
          note?: string | null;
          owner: string;
          phone?: string | null;
          updated_at: string;
        };
        Update: {
          company?: string | null;
          created_at?: string;
          email?: string;
          id?: never;
          name?: string | null;
          note?: string | null;
          owner?: string;
          phone?: string | null;
          updated_at?: string;
        };
        Relationships: [];
      };
      dead_letter_queue: {
        Row: {
          alert_claimed_at: string | null;
          alert_claimed_by: string | null;
          alerted_at: string | null;
          attempts: number;
          checked_by: string | null;
          created_at: string;
          error_code: string | null;
          error_message: string | null;
          error_stack: string | null;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          failed_at: string;
          fingerprint: string;
          function_id: string;
          group_job_id: string | null;
          handled_at: string | null;
          handled_by: string | null;
          id: string;
          job_id: string | null;
          note: string | null;
          outcome: string | null;
          parent_id: string | null;
          patched_data: Json | null;
          refusal: string | null;
          release: string | null;
          reopens: boolean;
          reported_at: string | null;
          reprocess_job_id: string | null;
          reprocessed_at: string | null;
          run_id: string;
          status: string;
        };
        ComputedFields: never;
        Insert: {
          alert_claimed_at?: string | null;
          alert_claimed_by?: string | null;
          alerted_at?: string | null;
          attempts?: number;
          checked_by?: string | null;
          created_at?: string;
          error_code?: string | null;
          error_message?: string | null;
          error_stack?: string | null;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          failed_at?: string;
          fingerprint: string;
          function_id: string;
          group_job_id?: string | null;
          handled_at?: string | null;
          handled_by?: string | null;
          id?: string;
          job_id?: string | null;
          note?: string | null;
          outcome?: string | null;
          parent_id?: string | null;
          patched_data?: Json | null;
          refusal?: string | null;
          release?: string | null;
          reopens?: boolean;
          reported_at?: string | null;
          reprocess_job_id?: string | null;
          reprocessed_at?: string | null;
          run_id: string;
          status?: string;
        };
        Update: {
          alert_claimed_at?: string | null;
          alert_claimed_by?: string | null;
          alerted_at?: string | null;
          attempts?: number;
          checked_by?: string | null;
          created_at?: string;
          error_code?: string | null;
          error_message?: string | null;
          error_stack?: string | null;
          event_data?: NonNullable<Json>;
          event_id?: string;
          event_name?: string;
          failed_at?: string;
          fingerprint?: string;
          function_id?: string;
          group_job_id?: string | null;
          handled_at?: string | null;
          handled_by?: string | null;
          id?: string;
          job_id?: string | null;
          note?: string | null;
          outcome?: string | null;
          parent_id?: string | null;
          patched_data?: Json | null;
          refusal?: string | null;
          release?: string | null;
          reopens?: boolean;
          reported_at?: string | null;
          reprocess_job_id?: string | null;
          reprocessed_at?: string | null;
          run_id?: string;
          status?: string;
        };
        Relationships: [
          {
            foreignKeyName: "dead_letter_queue_group_job_id_fkey";
            columns: ["group_job_id"];
            isOneToOne: false;
            referencedRelation: "letter_group_jobs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "dead_letter_queue_job_id_fkey";
            columns: ["job_id"];
            isOneToOne: false;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "dead_letter_queue_parent_id_fkey";
            columns: ["parent_id"];
            isOneToOne: false;
            referencedRelation: "dead_letter_queue";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "dead_letter_queue_reprocess_job_id_fkey";
            columns: ["reprocess_job_id"];
            isOneToOne: false;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
        ];
      };
      email_lists: {
        Row: {
          created_at: string;
          id: string;
          name: string;
          owner: string;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          id?: string;
          name: string;
          owner: string;
        };
        Update: {
          created_at?: string;
          id?: string;
          name?: string;
          owner?: string;
        };
        Relationships: [];
      };
      email_subscribers: {
        Row: {
          created_at: string;
          email: string;
          fields: NonNullable<Json>;
          id: number;
          list_id: string;
          status: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          email: string;
          fields?: NonNullable<Json>;
          id?: never;
          list_id: string;
          status?: string;
          updated_at: string;
        };
        Update: {
          created_at?: string;
          email?: string;
          fields?: NonNullable<Json>;
          id?: never;
          list_id?: string;
          status?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "email_subscribers_list_id_fkey";
            columns: ["list_id"];
            isOneToOne: false;
            referencedRelation: "email_lists";
            referencedColumns: ["id"];
          },
        ];
      };
      erasures: {
        Row: {
          completed_at: string | null;
          counts: NonNullable<Json>;
          created_at: string;
          cursor: string | null;
          email: string | null;
          has_changed: boolean;
          id: string;
          is_waiting: boolean;
          requester: string;
          step: number;
        };
        ComputedFields: never;
        Insert: {
          completed_at?: string | null;
          counts?: NonNullable<Json>;
          created_at: string;
          cursor?: string | null;
          email?: string | null;
          has_changed?: boolean;
          id: string;
          is_waiting?: boolean;
          requester: string;
          step?: number;
        };
        Update: {
          completed_at?: string | null;
          counts?: NonNullable<Json>;
          created_at?: string;
          cursor?: string | null;
          email?: string | null;
          has_changed?: boolean;
          id?: string;
          is_waiting?: boolean;
          requester?: string;
          step?: number;
        };
        Relationships: [];
      };
      feed_entries: {
        Row: {
          follower: string;
          post_sequence: number;
        };
        ComputedFields: never;
        Insert: {
          follower: string;
          post_sequence: number;
        };
        Update: {
          follower?: string;
          post_sequence?: number;
        };
        Relationships: [];
      };
      flag_decisions: {
        Row: {
          decided_at: string;
          environment: string;
          flag: string;
          job_id: string;
          key: string;
          reason: string;
          subject: string;
          way: string;
        };
        ComputedFields: never;
        Insert: {
          decided_at: string;
          environment: string;
          flag: string;
          job_id: string;
          key: string;
          reason: string;
          subject: string;
          way: string;
        };
        Update: {
          decided_at?: string;
          environment?: string;
          flag?: string;
          job_id?: string;
          key?: string;
          reason?: string;
          subject?: string;
          way?: string;
        };
        Relationships: [];
      };
      flags: {
        Row: {
          allowed: string[];
          environment: string;
          is_on: boolean;
          name: string;
          percentage: number;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          allowed: string[];
          environment: string;
          is_on: boolean;
          name: string;
          percentage: number;
          updated_at: string;
        };
        Update: {
          allowed?: string[];
          environment?: string;
          is_on?: boolean;
          name?: string;
          percentage?: number;
          updated_at?: string;
        };
        Relationships: [];
      };
      follows: {
        Row: {
          author: string;
          created_at: string;
          follower: string;
          since: number;
        };
        ComputedFields: never;
        Insert: {
          author: string;
          created_at: string;
          follower: string;
          since: number;
        };
        Update: {
          author?: string;
          created_at?: string;
          follower?: string;
          since?: number;
        };
        Relationships: [];
      };
      github_metrics: {
        Row: {
          added_star_count: number;
          closed_issue_count: number;
          commit_count: number;
          day: string;
          fork_count: number | null;
          open_issue_count: number | null;
          opened_issue_count: number;
          push_count: number;
          release_count: number;
          removed_star_count: number;
          repository: string;
          star_count: number | null;
          synced_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          added_star_count?: number;
          closed_issue_count?: number;
          commit_count?: number;
          day: string;
          fork_count?: number | null;
          open_issue_count?: number | null;
          opened_issue_count?: number;
          push_count?: number;
          release_count?: number;
          removed_star_count?: number;
          repository: string;
          star_count?: number | null;
          synced_at?: string | null;
        };
        Update: {
          added_star_count?: number;
          closed_issue_count?: number;
          commit_count?: number;
          day?: string;
          fork_count?: number | null;
          open_issue_count?: number | null;
          opened_issue_count?: number;
          push_count?: number;
          release_count?: number;
          removed_star_count?: number;
          repository?: string;
          star_count?: number | null;
          synced_at?: string | null;
        };
        Relationships: [];
      };
      image_lanes: {
        Row: {
          accepted_at: string;
          at_once: number;
          capacity: number;
          cleared_through: number;
          lane: string;
          last_sequence: number;
          last_started_no: number;
        };
        ComputedFields: never;
        Insert: {
          accepted_at: string;
          at_once: number;
          capacity: number;
          cleared_through?: number;
          lane: string;
          last_sequence?: number;
          last_started_no?: number;
        };
        Update: {
          accepted_at?: string;
          at_once?: number;
          capacity?: number;
          cleared_through?: number;
          lane?: string;
          last_sequence?: number;
          last_started_no?: number;
        };
        Relationships: [];
      };
      image_tasks: {
        Row: {
          attempt_token: string | null;
          attempts: number;
          created_at: string;
          drawing_until: string | null;
          due_at: string;
          ended_at: string | null;
          error_code: string | null;
          error_message: string | null;
          id: string;
          image_path: string | null;
          job_id: string;
          lane: string;
          owner: string | null;
          priority: number;
          prompt: string;
          retry_at: string | null;
          revision: number;
          round: number;
          sequence: number;
          started_at: string | null;
          started_no: number | null;
          status: string;
          thumbnail_path: string | null;
        };
        ComputedFields: never;
        Insert: {
          attempt_token?: string | null;
          attempts?: number;
          created_at: string;
          drawing_until?: string | null;
          due_at: string;
          ended_at?: string | null;
          error_code?: string | null;
          error_message?: string | null;
          id: string;
          image_path?: string | null;
          job_id: string;
          lane: string;
          owner?: string | null;
          priority: number;
          prompt: string;
          retry_at?: string | null;
          revision?: number;
          round: number;
          sequence: number;
          started_at?: string | null;
          started_no?: number | null;
          status?: string;
          thumbnail_path?: string | null;
        };
        Update: {
          attempt_token?: string | null;
          attempts?: number;
          created_at?: string;
          drawing_until?: string | null;
          due_at?: string;
          ended_at?: string | null;
          error_code?: string | null;
          error_message?: string | null;
          id?: string;
          image_path?: string | null;
          job_id?: string;
          lane?: string;
          owner?: string | null;
          priority?: number;
          prompt?: string;
          retry_at?: string | null;
          revision?: number;
          round?: number;
          sequence?: number;
          started_at?: string | null;
          started_no?: number | null;
          status?: string;
          thumbnail_path?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "image_tasks_job_id_fkey";
            columns: ["job_id"];
            isOneToOne: false;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "image_tasks_lane_fkey";
            columns: ["lane"];
            isOneToOne: false;
            referencedRelation: "image_lanes";
            referencedColumns: ["lane"];
          },
        ];
      };
      image_uploads: {
        Row: {
          box_height: number;
          box_width: number;
          byte_count: number;
          completed_at: string | null;
          content_type: string;
          created_at: string;
          id: string;
          original_path: string;
          owner: string;
          stored_at: string | null;
          thumbnail_height: number | null;
          thumbnail_path: string | null;
          thumbnail_width: number | null;
        };
        ComputedFields: never;
        Insert: {
          box_height: number;
          box_width: number;
          byte_count: number;
          completed_at?: string | null;
          content_type: string;
          created_at: string;
          id: string;
          original_path: string;
          owner: string;
          stored_at?: string | null;
          thumbnail_height?: number | null;
          thumbnail_path?: string | null;
          thumbnail_width?: number | null;
        };
        Update: {
          box_height?: number;
          box_width?: number;
          byte_count?: number;
          completed_at?: string | null;
          content_type?: string;
          created_at?: string;
          id?: string;
          original_path?: string;
          owner?: string;
          stored_at?: string | null;
          thumbnail_height?: number | null;
          thumbnail_path?: string | null;
          thumbnail_width?: number | null;
        };
        Relationships: [];
      };
      import_files: {
        Row: {
          created_at: string;
          expires_at: string;
          id: string;
          name: string;
          owner: string;
          path: string;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          expires_at: string;
          id?: string;
          name: string;
          owner: string;
          path: string;
        };
        Update: {
          created_at?: string;
          expires_at?: string;
          id?: string;
          name?: string;
          owner?: string;
          path?: string;
        };
        Relationships: [];
      };
      import_rejects: {
        Row: {
          byte_offset: number;
          cells: Json | null;
          code: string;
          column_name: string | null;
          hint: string;
          id: number;
          import_id: string;
          line: number;
          message: string;
          raw: string;
          row_no: number;
        };
        ComputedFields: never;
        Insert: {
          byte_offset: number;
          cells?: Json | null;
          code: string;
          column_name?: string | null;
          hint: string;
          id?: never;
          import_id: string;
          line: number;
          message: string;
          raw: string;
          row_no: number;
        };
        Update: {
          byte_offset?: number;
          cells?: Json | null;
          code?: string;
          column_name?: string | null;
          hint?: string;
          id?: never;
          import_id?: string;
          line?: number;
          message?: string;
          raw?: string;
          row_no?: number;
        };
        Relationships: [
          {
            foreignKeyName: "import_rejects_import_id_fkey";
            columns: ["import_id"];
            isOneToOne: false;
            referencedRelation: "imports";
            referencedColumns: ["id"];
          },
        ];
      };
      import_rows: {
        Row: {
          before: Json | null;
          conflict: string | null;
          fate: string;
          import_id: string;
          row_no: number;
          target_id: number;
          version: unknown;
        };
        ComputedFields: never;
        Insert: {
          before?: Json | null;
          conflict?: string | null;
          fate: string;
          import_id: string;
          row_no: number;
          target_id: number;
          version?: unknown;
        };
        Update: {
          before?: Json | null;
          conflict?: string | null;
          fate?: string;
          import_id?: string;
          row_no?: number;
          target_id?: number;
          version?: unknown;
        };
        Relationships: [];
      };
      imports: {
        Row: {
          absent: string;
          byte_count: number | null;
          created_at: string;
          declared_format: NonNullable<Json>;
          dialect: Json | null;
          ended_at: string | null;
          error: Json | null;
          file_id: string | null;
          file_name: string;
          file_url: string;
          fingerprint: string | null;
          id: string;
          inserted_count: number;
          is_again: boolean;
          is_dry_run: boolean;
          job_id: string | null;
          mapping: Json | null;
          merge: string;
          options: NonNullable<Json>;
          owner: string;
          rejected_count: number;
          row_count: number | null;
          scope: string;
          skipped_count: number;
          status: string | null;
          target: string;
          unchanged_count: number;
          undo_counts: Json | null;
          undo_job_id: string | null;
          undone_at: string | null;
          updated_count: number;
          version: string | null;
        };
        ComputedFields: never;
        Insert: {
          absent: string;
          byte_count?: number | null;
          created_at: string;
          declared_format?: NonNullable<Json>;
          dialect?: Json | null;
          ended_at?: string | null;
          error?: Json | null;
          file_id?: string | null;
          file_name: string;
          file_url: string;
          fingerprint?: string | null;
          id: string;
          inserted_count?: number;
          is_again: boolean;
          is_dry_run: boolean;
          job_id?: string | null;
          mapping?: Json | null;
          merge: string;
          options?: NonNullable<Json>;
          owner: string;
          rejected_count?: number;
          row_count?: number | null;
          scope: string;
          skipped_count?: number;
          status?: string | null;
          target: string;
          unchanged_count?: number;
          undo_counts?: Json | null;
          undo_job_id?: string | null;
          undone_at?: string | null;
          updated_count?: number;
          version?: string | null;
        };
        Update: {
          absent?: string;
          byte_count?: number | null;
          created_at?: string;
          declared_format?: NonNullable<Json>;
          dialect?: Json | null;
          ended_at?: string | null;
          error?: Json | null;
          file_id?: string | null;
          file_name?: string;
          file_url?: string;
          fingerprint?: string | null;
          id?: string;
          inserted_count?: number;
          is_again?: boolean;
          is_dry_run?: boolean;
          job_id?: string | null;
          mapping?: Json | null;
          merge?: string;
          options?: NonNullable<Json>;
          owner?: string;
          rejected_count?: number;
          row_count?: number | null;
          scope?: string;
          skipped_count?: number;
          status?: string | null;
          target?: string;
          unchanged_count?: number;
          undo_counts?: Json | null;
          undo_job_id?: string | null;
          undone_at?: string | null;
          updated_count?: number;
          version?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "imports_file_id_fkey";
            columns: ["file_id"];
            isOneToOne: false;
            referencedRelation: "import_files";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "imports_job_id_fkey";
            columns: ["job_id"];
            isOneToOne: true;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "imports_undo_job_id_fkey";
            columns: ["undo_job_id"];
            isOneToOne: false;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
        ];
      };
      inbox_replays: {
        Row: {
          created_at: string;
          ends_at: string | null;
          id: string;
          ids: string[] | null;
          per_second: number;
          source: string;
          starts_at: string | null;
          types: string[];
          verdict: string | null;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          ends_at?: string | null;
          id: string;
          ids?: string[] | null;
          per_second: number;
          source: string;
          starts_at?: string | null;
          types: string[];
          verdict?: string | null;
        };
        Update: {
          created_at?: string;
          ends_at?: string | null;
          id?: string;
          ids?: string[] | null;
          per_second?: number;
          source?: string;
          starts_at?: string | null;
          types?: string[];
          verdict?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "inbox_replays_id_fkey";
            columns: ["id"];
            isOneToOne: true;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
        ];
      };
      job_errors: {
        Row: {
          created_at: string;
          error_code: string | null;
          error_message: string | null;
          error_stack: string | null;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          function_id: string;
          id: number;
          run_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          error_code?: string | null;
          error_message?: string | null;
          error_stack?: string | null;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          function_id: string;
          id?: never;
          run_id: string;
        };
        Update: {
          created_at?: string;
          error_code?: string | null;
          error_message?: string | null;
          error_stack?: string | null;
          event_data?: NonNullable<Json>;
          event_id?: string;
          event_name?: string;
          function_id?: string;
          id?: never;
          run_id?: string;
        };
        Relationships: [];
      };
      job_events: {
        Row: {
          at: string;
          data: NonNullable<Json>;
          job_id: string;
          sequence: number;
          type: string;
          xid: unknown;
        };
        ComputedFields: never;
        Insert: {
          at: string;
          data?: NonNullable<Json>;
          job_id: string;
          sequence: number;
          type: string;
          xid?: unknown;
        };
        Update: {
          at?: string;
          data?: NonNullable<Json>;
          job_id?: string;
          sequence?: number;
          type?: string;
          xid?: unknown;
        };
        Relationships: [
          {
            foreignKeyName: "job_events_job_id_fkey";
            columns: ["job_id"];
            isOneToOne: false;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
        ];
      };
      job_log_lines: {
        Row: {
          at: string;
          facts: string;
          function_id: string;
          id: number;
          job_id: string;
          level: string;
          message: string;
          run_id: string;
        };
        ComputedFields: never;
        Insert: {
          at: string;
          facts: string;
          function_id: string;
          id?: never;
          job_id: string;
          level: string;
          message: string;
          run_id: string;
        };
        Update: {
          at?: string;
          facts?: string;
          function_id?: string;
          id?: never;
          job_id?: string;
          level?: string;
          message?: string;
          run_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "job_log_lines_job_id_fkey";
            columns: ["job_id"];
            isOneToOne: false;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
        ];
      };
      job_parts: {
        Row: {
          attempts: number;
          bounds: NonNullable<Json>;
          claimant: string | null;
          counts: NonNullable<Json>;
          failure_count: number;
          first_no: number;
          id: number;
          job_id: string;
          last_error: Json | null;
          last_no: number;
          lease_expires_at: string | null;
          lease_token: string | null;
          next_no: number | null;
          part_no: number;
          settled_count: number;
          status: string;
          total_count: number;
          waiting_until: string | null;
        };
        ComputedFields: never;
        Insert: {
          attempts?: number;
          bounds?: NonNullable<Json>;
          claimant?: string | null;
          counts?: NonNullable<Json>;
          failure_count?: number;
          first_no: number;
          id?: never;
          job_id: string;
          last_error?: Json | null;
          last_no: number;
          lease_expires_at?: string | null;
          lease_token?: string | null;
          next_no?: number | null;
          part_no: number;
          settled_count?: number;
          status?: string;
          total_count: number;
          waiting_until?: string | null;
        };
        Update: {
          attempts?: number;
          bounds?: NonNullable<Json>;
          claimant?: string | null;
          counts?: NonNullable<Json>;
          failure_count?: number;
          first_no?: number;
          id?: never;
          job_id?: string;
          last_error?: Json | null;
          last_no?: number;
          lease_expires_at?: string | null;
          lease_token?: string | null;
          next_no?: number | null;
          part_no?: number;
          settled_count?: number;
          status?: string;
          total_count?: number;
          waiting_until?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "job_parts_job_id_fkey";
            columns: ["job_id"];
            isOneToOne: false;
            referencedRelation: "job_plans";
            referencedColumns: ["job_id"];
          },
        ];
      };
      job_plans: {
        Row: {
          cursor: Json | null;
          job_id: string;
          part_count: number;
          planned_at: string | null;
          reported_at: string | null;
          result: NonNullable<Json>;
          total_count: number;
        };
        ComputedFields: never;
        Insert: {
          cursor?: Json | null;
          job_id: string;
          part_count?: number;
          planned_at?: string | null;
          reported_at?: string | null;
          result?: NonNullable<Json>;
          total_count?: number;
        };
        Update: {
          cursor?: Json | null;
          job_id?: string;
          part_count?: number;
          planned_at?: string | null;
          reported_at?: string | null;
          result?: NonNullable<Json>;
          total_count?: number;
        };
        Relationships: [
          {
            foreignKeyName: "job_plans_job_id_fkey";
            columns: ["job_id"];
            isOneToOne: true;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
        ];
      };
      job_runs: {
        Row: {
          attempts: number;
          ended_at: string | null;
          error: Json | null;
          job_id: string;
          run_id: string;
          started_at: string;
          status: string;
        };
        ComputedFields: never;
        Insert: {
          attempts?: number;
          ended_at?: string | null;
          error?: Json | null;
          job_id: string;
          run_id: string;
          started_at: string;
          status?: string;
        };
        Update: {
          attempts?: number;
          ended_at?: string | null;
          error?: Json | null;
          job_id?: string;
          run_id?: string;
          started_at?: string;
          status?: string;
        };
        Relationships: [
          {
            foreignKeyName: "job_runs_job_id_fkey";
            columns: ["job_id"];
            isOneToOne: false;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
        ];
      };
      jobs: {
        Row: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          again_of?: string | null;
          checked_at?: string | null;
          created_at: string;
          dead_letter_id?: string | null;
          deadline_at?: string | null;
          due_at: string;
          ended_at?: string | null;
          error?: Json | null;
          event_count?: number;
          event_data?: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint?: string | null;
          function_id: string;
          id?: string;
          idempotency_key?: string | null;
          keep_completed?: number | null;
          kind: string;
          owner?: string | null;
          parent_job_id?: string | null;
          paused_at?: string | null;
          priority?: number;
          progress_done?: number | null;
          progress_total?: number | null;
          ready_at: string;
          released_at?: string | null;
          requester: string;
          result?: Json | null;
          sent_at?: string | null;
          started_at?: string | null;
          status?: string;
          updated_at: string;
        };
        Update: {
          again_of?: string | null;
          checked_at?: string | null;
          created_at?: string;
          dead_letter_id?: string | null;
          deadline_at?: string | null;
          due_at?: string;
          ended_at?: string | null;
          error?: Json | null;
          event_count?: number;
          event_data?: NonNullable<Json>;
          event_id?: string;
          event_name?: string;
          fingerprint?: string | null;
          function_id?: string;
          id?: string;
          idempotency_key?: string | null;
          keep_completed?: number | null;
          kind?: string;
          owner?: string | null;
          parent_job_id?: string | null;
          paused_at?: string | null;
          priority?: number;
          progress_done?: number | null;
          progress_total?: number | null;
          ready_at?: string;
          released_at?: string | null;
          requester?: string;
          result?: Json | null;
          sent_at?: string | null;
          started_at?: string | null;
          status?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "jobs_dead_letter_id_fkey";
            columns: ["dead_letter_id"];
            isOneToOne: false;
            referencedRelation: "dead_letter_queue";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "jobs_parent_job_id_fkey";
            columns: ["parent_job_id"];
            isOneToOne: false;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
        ];
      };
      letter_group_jobs: {
        Row: {
          action: string;
          at_once: number;
          canary: number;
          created_at: string;
          fingerprint: string;
          halt_after: number;
          halted_at: string | null;
          id: string;
          note: string | null;
          patch: Json | null;
          requested_by: string;
        };
        ComputedFields: never;
        Insert: {
          action: string;
          at_once: number;
          canary?: number;
          created_at: string;
          fingerprint: string;
          halt_after: number;
          halted_at?: string | null;
          id: string;
          note?: string | null;
          patch?: Json | null;
          requested_by: string;
        };
        Update: {
          action?: string;
          at_once?: number;
          canary?: number;
          created_at?: string;
          fingerprint?: string;
          halt_after?: number;
          halted_at?: string | null;
          id?: string;
          note?: string | null;
          patch?: Json | null;
          requested_by?: string;
        };
        Relationships: [
          {
            foreignKeyName: "letter_group_jobs_id_fkey";
            columns: ["id"];
            isOneToOne: true;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
        ];
      };
      mail_bounces: {
        Row: {
          address_hash: string;
          campaign_id: string | null;
          domain_hash: string;
          kind: string;
          message_id: string;
          occurred_at: string;
        };
        ComputedFields: never;
        Insert: {
          address_hash: string;
          campaign_id?: string | null;
          domain_hash: string;
          kind: string;
          message_id: string;
          occurred_at: string;
        };
        Update: {
          address_hash?: string;
          campaign_id?: string | null;
          domain_hash?: string;
          kind?: string;
          message_id?: string;
          occurred_at?: string;
        };
        Relationships: [];
      };
      mails: {
        Row: {
          asked_at: string | null;
          created_at: string;
          fields: NonNullable<Json>;
          id: string;
          job_id: string;
          key: string;
          message_id: string | null;
          provider: string | null;
          recipient: string;
          reported: string | null;
          template: string;
        };
        ComputedFields: never;
        Insert: {
          asked_at?: string | null;
          created_at: string;
          fields: NonNullable<Json>;
          id: string;
          job_id: string;
          key: string;
          message_id?: string | null;
          provider?: string | null;
          recipient: string;
          reported?: string | null;
          template: string;
        };
        Update: {
          asked_at?: string | null;
          created_at?: string;
          fields?: NonNullable<Json>;
          id?: string;
          job_id?: string;
          key?: string;
          message_id?: string | null;
          provider?: string | null;
          recipient?: string;
          reported?: string | null;
          template?: string;
        };
        Relationships: [];
      };
      notification_preferences: {
        Row: {
          email: string;
          owner: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          email: string;
          owner: string;
          updated_at: string;
        };
        Update: {
          email?: string;
          owner?: string;
          updated_at?: string;
        };
        Relationships: [];
      };
      notifications: {
        Row: {
          created_at: string;
          data: NonNullable<Json>;
          id: string;
          key: string | null;
          owner: string;
          read_at: string | null;
          type: string;
          xid: unknown;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          data?: NonNullable<Json>;
          id?: string;
          key?: string | null;
          owner: string;
          read_at?: string | null;
          type: string;
          xid?: unknown;
        };
        Update: {
          created_at?: string;
          data?: NonNullable<Json>;
          id?: string;
          key?: string | null;
          owner?: string;
          read_at?: string | null;
          type?: string;
          xid?: unknown;
        };
        Relationships: [];
      };
      orders: {
        Row: {
          amount_cents: number;
          created_at: string;
          currency: string;
          email: string | null;
          id: string;
          job_id: string | null;
          owner: string;
          paid_at: string | null;
          payment_asked_at: string | null;
          payment_id: string | null;
          payment_key: string | null;
          payment_key_number: number;
          receipt_made_at: string | null;
          status: string;
        };
        ComputedFields: never;
        Insert: {
          amount_cents: number;
          created_at: string;
          currency: string;
          email?: string | null;
          id: string;
          job_id?: string | null;
          owner: string;
          paid_at?: string | null;
          payment_asked_at?: string | null;
          payment_id?: string | null;
          payment_key?: string | null;
          payment_key_number?: number;
          receipt_made_at?: string | null;
          status?: string;
        };
        Update: {
          amount_cents?: number;
          created_at?: string;
          currency?: string;
          email?: string | null;
          id?: string;
          job_id?: string | null;
          owner?: string;
          paid_at?: string | null;
          payment_asked_at?: string | null;
          payment_id?: string | null;
          payment_key?: string | null;
          payment_key_number?: number;
          receipt_made_at?: string | null;
          status?: string;
        };
        Relationships: [];
      };
      payments: {
        Row: {
          amount_cents: number;
          created_at: string;
          currency: string;
          email: string | null;
          failure_code: string | null;
          id: string;
          order_id: string | null;
          refunded_cents: number;
          state: NonNullable<Json>;
          status: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          amount_cents?: number;
          created_at: string;
          currency?: string;
          email?: string | null;
          failure_code?: string | null;
          id: string;
          order_id?: string | null;
          refunded_cents?: number;
          state?: NonNullable<Json>;
          status?: string;
          updated_at: string;
        };
        Update: {
          amount_cents?: number;
          created_at?: string;
          currency?: string;
          email?: string | null;
          failure_code?: string | null;
          id?: string;
          order_id?: string | null;
          refunded_cents?: number;
          state?: NonNullable<Json>;
          status?: string;
          updated_at?: string;
        };
        Relationships: [];
      };
      posts: {
        Row: {
          author: string;
          content: string;
          created_at: string;
          follower_count: number;
          id: string;
          sequence: number;
          strategy: string;
        };
        ComputedFields: never;
        Insert: {
          author: string;
          content: string;
          created_at: string;
          follower_count: number;
          id: string;
          sequence: number;
          strategy: string;
        };
        Update: {
          author?: string;
          content?: string;
          created_at?: string;
          follower_count?: number;
          id?: string;
          sequence?: number;
          strategy?: string;
        };
        Relationships: [];
      };
      products: {
        Row: {
          created_at: string;
          id: number;
          name: string | null;
          owner: string;
          price_cents: number | null;
          sku: string;
          stock: number | null;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          id?: never;
          name?: string | null;
          owner: string;
          price_cents?: number | null;
          sku: string;
          stock?: number | null;
          updated_at: string;
        };
        Update: {
          created_at?: string;
          id?: never;
          name?: string | null;
          owner?: string;
          price_cents?: number | null;
          sku?: string;
          stock?: number | null;
          updated_at?: string;
        };
        Relationships: [];
      };
      profiles: {
        Row: {
          id: string;
          name: string;
          revision: number;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          id: string;
          name?: string;
          revision?: number;
          updated_at: string;
        };
        Update: {
          id?: string;
          name?: string;
          revision?: number;
          updated_at?: string;
        };
        Relationships: [];
      };
      reports: {
        Row: {
          byte_count: number | null;
          campaign_id: string | null;
          created_at: string;
          ends_at: string;
          expires_at: string;
          format: string;
          id: string;
          owner: string;
          path: string;
          revoked_at: string | null;
          row_count: number | null;
          scope: string | null;
          snapshot_at: string | null;
          starts_at: string;
          type: string;
        };
        ComputedFields: never;
        Insert: {
          byte_count?: number | null;
          campaign_id?: string | null;
          created_at: string;
          ends_at: string;
          expires_at: string;
          format: string;
          id: string;
          owner: string;
          path?: never;
          revoked_at?: string | null;
          row_count?: number | null;
          scope?: string | null;
          snapshot_at?: string | null;
          starts_at: string;
          type: string;
        };
        Update: {
          byte_count?: number | null;
          campaign_id?: string | null;
          created_at?: string;
          ends_at?: string;
          expires_at?: string;
          format?: string;
          id?: string;
          owner?: string;
          path?: never;
          revoked_at?: string | null;
          row_count?: number | null;
          scope?: string | null;
          snapshot_at?: string | null;
          starts_at?: string;
          type?: string;
        };
        Relationships: [];
      };
      schedule_ticks: {
        Row: {
          fate: string;
          is_waiting: boolean;
          job_id: string | null;
          made_at: string;
          reason: string | null;
          result: Json | null;
          schedule: string;
          slot: string;
          slot_at: string;
        };
        ComputedFields: never;
        Insert: {
          fate: string;
          is_waiting?: boolean;
          job_id?: string | null;
          made_at: string;
          reason?: string | null;
          result?: Json | null;
          schedule: string;
          slot: string;
          slot_at: string;
        };
        Update: {
          fate?: string;
          is_waiting?: boolean;
          job_id?: string | null;
          made_at?: string;
          reason?: string | null;
          result?: Json | null;
          schedule?: string;
          slot?: string;
          slot_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "schedule_ticks_schedule_fkey";
            columns: ["schedule"];
            isOneToOne: false;
            referencedRelation: "schedules";
            referencedColumns: ["name"];
          },
        ];
      };
      schedules: {
        Row: {
          changed_at: string | null;
          changed_by: string | null;
          checked_until: string;
          cron: string;
          name: string;
          operator_cron: string | null;
          operator_time_zone: string | null;
          paused_at: string | null;
          paused_by: string | null;
          time_zone: string;
        };
        ComputedFields: never;
        Insert: {
          changed_at?: string | null;
          changed_by?: string | null;
          checked_until: string;
          cron: string;
          name: string;
          operator_cron?: string | null;
          operator_time_zone?: string | null;
          paused_at?: string | null;
          paused_by?: string | null;
          time_zone: string;
        };
        Update: {
          changed_at?: string | null;
          changed_by?: string | null;
          checked_until?: string;
          cron?: string;
          name?: string;
          operator_cron?: string | null;
          operator_time_zone?: string | null;
          paused_at?: string | null;
          paused_by?: string | null;
          time_zone?: string;
        };
        Relationships: [];
      };
      sessions: {
        Row: {
          created_at: string;
          expires_at: string;
          id: string;
          updated_at: string;
          user_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          expires_at: string;
          id?: string;
          updated_at: string;
          user_id: string;
        };
        Update: {
          created_at?: string;
          expires_at?: string;
          id?: string;
          updated_at?: string;
          user_id?: string;
        };
        Relationships: [];
      };
      signups: {
        Row: {
          created_at: string;
          email: string;
          name: string;
          reminder_job_id: string;
          user_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          email: string;
          name: string;
          reminder_job_id: string;
          user_id: string;
        };
        Update: {
          created_at?: string;
          email?: string;
          name?: string;
          reminder_job_id?: string;
          user_id?: string;
        };
        Relationships: [];
      };
      subscriptions: {
        Row: {
          cancel_at_period_end: boolean;
          current_period_end: string | null;
          customer_id: string | null;
          id: string;
          price_id: string | null;
          state: NonNullable<Json>;
          status: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          cancel_at_period_end?: boolean;
          current_period_end?: string | null;
          customer_id?: string | null;
          id: string;
          price_id?: string | null;
          state?: NonNullable<Json>;
          status?: string;
          updated_at: string;
        };
        Update: {
          cancel_at_period_end?: boolean;
          current_period_end?: string | null;
          customer_id?: string | null;
          id?: string;
          price_id?: string | null;
          state?: NonNullable<Json>;
          status?: string;
          updated_at?: string;
        };
        Relationships: [];
      };
      suppressions: {
        Row: {
          address: string | null;
          address_hash: string;
          created_at: string;
          id: number;
          is_active: boolean;
          lifted_at: string | null;
          lifted_because: string | null;
          lifted_by: string | null;
          list_id: string | null;
          note: string | null;
          reason: string;
          scope: string;
          source: string;
          stream: string | null;
          suppressed_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          address?: string | null;
          address_hash: string;
          created_at: string;
          id?: never;
          is_active?: never;
          lifted_at?: string | null;
          lifted_because?: string | null;
          lifted_by?: string | null;
          list_id?: string | null;
          note?: string | null;
          reason: string;
          scope: string;
          source: string;
          stream?: string | null;
          suppressed_at?: string | null;
        };
        Update: {
          address?: string | null;
          address_hash?: string;
          created_at?: string;
          id?: never;
          is_active?: never;
          lifted_at?: string | null;
          lifted_because?: string | null;
          lifted_by?: string | null;
          list_id?: string | null;
          note?: string | null;
          reason?: string;
          scope?: string;
          source?: string;
          stream?: string | null;
          suppressed_at?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "suppressions_list_id_fkey";
            columns: ["list_id"];
            isOneToOne: false;
            referencedRelation: "email_lists";
            referencedColumns: ["id"];
          },
        ];
      };
      user_settings: {
        Row: {
          time_zone: string;
          updated_at: string;
          user_id: string;
          weekly_digest: boolean;
        };
        ComputedFields: never;
        Insert: {
          time_zone?: string;
          updated_at: string;
          user_id: string;
          weekly_digest?: boolean;
        };
        Update: {
          time_zone?: string;
          updated_at?: string;
          user_id?: string;
          weekly_digest?: boolean;
        };
        Relationships: [];
      };
      webhook_attempts: {
        Row: {
          answer_body: string;
          answer_headers: NonNullable<Json>;
          answer_status: number | null;
          at: string;
          delivery_id: string;
          duration_ms: number;
          endpoint_id: string;
          error_code: string | null;
          id: number;
          next_at: string | null;
          number: number;
          request_headers: NonNullable<Json>;
          url: string;
        };
        ComputedFields: never;
        Insert: {
          answer_body?: string;
          answer_headers?: NonNullable<Json>;
          answer_status?: number | null;
          at: string;
          delivery_id: string;
          duration_ms: number;
          endpoint_id: string;
          error_code?: string | null;
          id?: never;
          next_at?: string | null;
          number: number;
          request_headers: NonNullable<Json>;
          url: string;
        };
        Update: {
          answer_body?: string;
          answer_headers?: NonNullable<Json>;
          answer_status?: number | null;
          at?: string;
          delivery_id?: string;
          duration_ms?: number;
          endpoint_id?: string;
          error_code?: string | null;
          id?: never;
          next_at?: string | null;
          number?: number;
          request_headers?: NonNullable<Json>;
          url?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_attempts_delivery_id_fkey";
            columns: ["delivery_id"];
            isOneToOne: false;
            referencedRelation: "webhook_deliveries";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "webhook_attempts_endpoint_id_fkey";
            columns: ["endpoint_id"];
            isOneToOne: false;
            referencedRelation: "webhook_endpoints";
            referencedColumns: ["id"];
          },
        ];
      };
      webhook_deliveries: {
        Row: {
          answer_status: number | null;
          attempt_count: number;
          claimant: string | null;
          claimed_until: string | null;
          created_at: string;
          ended_at: string | null;
          endpoint_id: string;
          error_code: string | null;
          id: string;
          message_id: string;
          next_at: string | null;
          status: string;
          try_count: number;
        };
        ComputedFields: never;
        Insert: {
          answer_status?: number | null;
          attempt_count?: number;
          claimant?: string | null;
          claimed_until?: string | null;
          created_at: string;
          ended_at?: string | null;
          endpoint_id: string;
          error_code?: string | null;
          id?: string;
          message_id: string;
          next_at?: string | null;
          status?: string;
          try_count?: number;
        };
        Update: {
          answer_status?: number | null;
          attempt_count?: number;
          claimant?: string | null;
          claimed_until?: string | null;
          created_at?: string;
          ended_at?: string | null;
          endpoint_id?: string;
          error_code?: string | null;
          id?: string;
          message_id?: string;
          next_at?: string | null;
          status?: string;
          try_count?: number;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_deliveries_endpoint_id_fkey";
            columns: ["endpoint_id"];
            isOneToOne: false;
            referencedRelation: "webhook_endpoints";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "webhook_deliveries_message_id_fkey";
            columns: ["message_id"];
            isOneToOne: false;
            referencedRelation: "webhook_messages";
            referencedColumns: ["id"];
          },
        ];
      };
      webhook_endpoints: {
        Row: {
          breaker_count: number;
          created_at: string;
          description: string;
          disabled_at: string | null;
          disabled_reason: string | null;
          event_types: string[];
          failing_since: string | null;
          failure_count: number;
          id: string;
          lane_due_at: string | null;
          lane_job_id: string | null;
          last_success_at: string | null;
          owner: string;
          paused_until: string | null;
          per_second: number;
          policy: string;
          status: string;
          updated_at: string;
          url: string;
        };
        ComputedFields: never;
        Insert: {
          breaker_count?: number;
          created_at: string;
          description?: string;
          disabled_at?: string | null;
          disabled_reason?: string | null;
          event_types: string[];
          failing_since?: string | null;
          failure_count?: number;
          id: string;
          lane_due_at?: string | null;
          lane_job_id?: string | null;
          last_success_at?: string | null;
          owner: string;
          paused_until?: string | null;
          per_second: number;
          policy: string;
          status?: string;
          updated_at: string;
          url: string;
        };
        Update: {
          breaker_count?: number;
          created_at?: string;
          description?: string;
          disabled_at?: string | null;
          disabled_reason?: string | null;
          event_types?: string[];
          failing_since?: string | null;
          failure_count?: number;
          id?: string;
          lane_due_at?: string | null;
          lane_job_id?: string | null;
          last_success_at?: string | null;
          owner?: string;
          paused_until?: string | null;
          per_second?: number;
          policy?: string;
          status?: string;
          updated_at?: string;
          url?: string;
        };
        Relationships: [];
      };
      webhook_gap_checks: {
        Row: {
          checked_at: string | null;
          checked_until: string;
          cursor: string | null;
          found_count: number;
          key: string;
          reading_until: string | null;
        };
        ComputedFields: never;
        Insert: {
          checked_at?: string | null;
          checked_until: string;
          cursor?: string | null;
          found_count?: number;
          key: string;
          reading_until?: string | null;
        };
        Update: {
          checked_at?: string | null;
          checked_until?: string;
          cursor?: string | null;
          found_count?: number;
          key?: string;
          reading_until?: string | null;
        };
        Relationships: [];
      };
      webhook_inbox: {
        Row: {
          body: string;
          body_sha256: string | null;
          external_id: string;
          handled_at: string | null;
          headers: NonNullable<Json>;
          id: string;
          object_key: string;
          occurred_at: string | null;
          received_at: string;
          replay_job_id: string | null;
          sequence: number;
          source: string;
          type: string;
          verdict: string;
        };
        ComputedFields: never;
        Insert: {
          body: string;
          body_sha256?: string | null;
          external_id: string;
          handled_at?: string | null;
          headers: NonNullable<Json>;
          id: string;
          object_key: string;
          occurred_at?: string | null;
          received_at: string;
          replay_job_id?: string | null;
          sequence?: never;
          source: string;
          type: string;
          verdict: string;
        };
        Update: {
          body?: string;
          body_sha256?: string | null;
          external_id?: string;
          handled_at?: string | null;
          headers?: NonNullable<Json>;
          id?: string;
          object_key?: string;
          occurred_at?: string | null;
          received_at?: string;
          replay_job_id?: string | null;
          sequence?: never;
          source?: string;
          type?: string;
          verdict?: string;
        };
        Relationships: [];
      };
      webhook_messages: {
        Row: {
          at: string;
          data: NonNullable<Json>;
          id: string;
          key: string;
          owner: string;
          sequence: number;
          type: string;
        };
        ComputedFields: never;
        Insert: {
          at: string;
          data: NonNullable<Json>;
          id?: string;
          key: string;
          owner: string;
          sequence?: never;
          type: string;
        };
        Update: {
          at?: string;
          data?: NonNullable<Json>;
          id?: string;
          key?: string;
          owner?: string;
          sequence?: never;
          type?: string;
        };
        Relationships: [];
      };
      webhook_objects: {
        Row: {
          covered_at: string;
          covered_sequence: number;
          key: string;
        };
        ComputedFields: never;
        Insert: {
          covered_at: string;
          covered_sequence: number;
          key: string;
        };
        Update: {
          covered_at?: string;
          covered_sequence?: number;
          key?: string;
        };
        Relationships: [];
      };
      webhook_refusals: {
        Row: {
          count: number;
          hour: string;
          reason: string;
          source: string;
        };
        ComputedFields: never;
        Insert: {
          count: number;
          hour: string;
          reason: string;
          source: string;
        };
        Update: {
          count?: number;
          hour?: string;
          reason?: string;
          source?: string;
        };
        Relationships: [];
      };
      webhook_replays: {
        Row: {
          created_at: string;
          endpoint_id: string;
          ends_at: string;
          id: string;
          left_job_id: string | null;
          owner: string;
          paused_at: string | null;
          per_second: number;
          scope: string;
          starts_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at: string;
          endpoint_id: string;
          ends_at: string;
          id: string;
          left_job_id?: string | null;
          owner: string;
          paused_at?: string | null;
          per_second: number;
          scope: string;
          starts_at: string;
        };
        Update: {
          created_at?: string;
          endpoint_id?: string;
          ends_at?: string;
          id?: string;
          left_job_id?: string | null;
          owner?: string;
          paused_at?: string | null;
          per_second?: number;
          scope?: string;
          starts_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: "webhook_replays_endpoint_id_fkey";
            columns: ["endpoint_id"];
            isOneToOne: false;
            referencedRelation: "webhook_endpoints";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "webhook_replays_id_fkey";
            columns: ["id"];
            isOneToOne: true;
            referencedRelation: "jobs";
            referencedColumns: ["id"];
          },
        ];
      };
      weekly_digests: {
        Row: {
          made_at: string;
          user_id: string;
          was_mailed: boolean;
          week: string;
        };
        ComputedFields: never;
        Insert: {
          made_at: string;
          user_id: string;
          was_mailed: boolean;
          week: string;
        };
        Update: {
          made_at?: string;
          user_id?: string;
          was_mailed?: boolean;
          week?: string;
        };
        Relationships: [];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      abandon_image_uploads: {
        Args: { p_before: string | null; p_limit: number | null; p_now: string | null };
        Returns: number;
      };
      accept_campaign_resume: {
        Args: {
          p_campaign_id: string | null;
          p_now: string | null;
          p_owner: string | null;
          p_request: Json | null;
        };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_campaign_send: {
        Args: {
          p_campaign_id: string | null;
          p_now: string | null;
          p_owner: string | null;
          p_preview_hash: string | null;
          p_request: Json | null;
        };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_erasure: {
        Args: { p_email: string | null; p_now: string | null; p_request: Json | null };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_image_task: {
        Args: {
          p_lane: Json | null;
          p_now: string | null;
          p_prompt: string | null;
          p_request: Json | null;
          p_submissions: Json | null;
        };
        Returns: Json;
      };
      accept_image_upload: {
        Args: { p_now: string | null; p_quota: Json | null; p_request: Json | null; p_upload: Json | null };
        Returns: Json;
      };
      accept_import: {
        Args: {
          p_import: Json | null;
          p_now: string | null;
          p_request: Json | null;
          p_viewer: string | null;
        };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_import_undo: {
        Args: { p_id: string | null; p_now: string | null; p_request: Json | null; p_viewer: string | null };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_inbox_replay: {
        Args: { p_now: string | null; p_replay: Json | null; p_request: Json | null };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_job: {
        Args: { p_now: string | null; p_request: Json | null };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_letter_group_job: {
        Args: { p_now: string | null; p_request: Json | null; p_work: Json | null };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_newsletter: {
        Args: {
          p_content: Json | null;
          p_list_owner: string | null;
          p_now: string | null;
          p_request: Json | null;
        };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_payment: {
        Args: { p_now: string | null; p_payment: Json | null; p_request: Json | null };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_post: {
        Args: { p_content: string | null; p_now: string | null; p_request: Json | null };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_report: {
        Args: { p_now: string | null; p_report: Json | null; p_request: Json | null };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      accept_webhook_replay: {
        Args: {
          p_now: string | null;
          p_replay: Json | null;
          p_request: Json | null;
          p_viewer: string | null;
        };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      acknowledge_alert: {
        Args: { p_by: string | null; p_id: string | null; p_now: string | null };
        Returns: {
          acknowledged_at: string | null;
          acknowledged_by: string | null;
          claimed_until: string | null;
          id: string;
          offenders: NonNullable<Json>;
          opened_at: string;
          query: string;
          reminded_at: string | null;
          reminder_count: number;
          resolved_at: string | null;
          rule: string;
          seen_at: string;
          severity: string;
          status: string;
          subject: string;
          threshold: number;
          untold: string | null;
          value: number;
        }[];
        SetofOptions: {
          from: "*";
          to: "alerts";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      add_import_file: {
        Args: { p_name: string | null; p_now: string | null; p_owner: string | null };
        Returns: {
          created_at: string;
          expires_at: string;
          id: string;
          name: string;
          owner: string;
          path: string;
        };
        SetofOptions: {
          from: "*";
          to: "import_files";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      add_suppression: {
        Args: { p_now: string | null; p_row: Json | null };
        Returns: {
          address: string | null;
          address_hash: string;
          created_at: string;
          id: number;
          is_active: boolean;
          lifted_at: string | null;
          lifted_because: string | null;
          lifted_by: string | null;
          list_id: string | null;
          note: string | null;
          reason: string;
          scope: string;
          source: string;
          stream: string | null;
          suppressed_at: string | null;
        }[];
        SetofOptions: {
          from: "*";
          to: "suppressions";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      apply_payment: { Args: { p_now: string | null; p_payment: Json | null }; Returns: boolean };
      apply_subscription: { Args: { p_now: string | null; p_subscription: Json | null }; Returns: boolean };
      archive_jobs: {
        Args: { p_after: Json | null; p_limit: number | null; p_month: string | null };
        Returns: Json;
      };
      archive_letters: {
        Args: { p_after: Json | null; p_limit: number | null; p_month: string | null };
        Returns: Json;
      };
      backfill_slots: {
        Args: {
          p_from: number | null;
          p_next: number | null;
          p_now: string | null;
          p_part_id: number | null;
          p_reason: string | null;
          p_schedule: string | null;
          p_slots: Json | null;
          p_token: string | null;
        };
        Returns: string;
      };
      begin_image_attempt: {
        Args: {
          p_event_id: string | null;
          p_lease_ms: number | null;
          p_now: string | null;
          p_task_id: string | null;
          p_wants: Json | null;
        };
        Returns: Json;
      };
      begin_mail: {
        Args: { p_id: string | null; p_now: string | null; p_provider: string | null };
        Returns: Json;
      };
      begin_payment: { Args: { p_now: string | null; p_payment: Json | null }; Returns: Json };
      begin_signup: {
        Args: {
          p_email: string | null;
          p_name: string | null;
          p_now: string | null;
          p_user_id: string | null;
        };
        Returns: undefined;
      };
      block_person: {
        Args: {
          p_blocked: string | null;
          p_blocker: string | null;
          p_most: number | null;
          p_now: string | null;
        };
        Returns: undefined;
      };
      cancel_job: {
        Args: { p_by: string | null; p_job_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      cancel_run: {
        Args: {
          p_event_id: string | null;
          p_function_id: string | null;
          p_now: string | null;
          p_parent_job_id: string | null;
          p_run_id: string | null;
        };
        Returns: boolean;
      };
      change_preferences: {
        Args: {
          p_action: string | null;
          p_list_id: string | null;
          p_now: string | null;
          p_subscriber_id: number | null;
        };
        Returns: Json;
      };
      change_profile: {
        Args: { p_by: string | null; p_change: Json | null; p_id: string | null; p_now: string | null };
        Returns: {
          id: string;
          name: string;
          revision: number;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "profiles";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      change_schedule_times: {
        Args: {
          p_by: string | null;
          p_cron: string | null;
          p_now: string | null;
          p_schedule: string | null;
          p_time_zone: string | null;
        };
        Returns: undefined;
      };
      change_user_settings: {
        Args: { p_change: Json | null; p_now: string | null; p_user_id: string | null };
        Returns: {
          time_zone: string;
          updated_at: string;
          user_id: string;
          weekly_digest: boolean;
        }[];
        SetofOptions: {
          from: "*";
          to: "user_settings";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      change_webhook_endpoint: {
        Args: { p_change: Json | null; p_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: Json;
      };
      check_letters: { Args: { p_job_id: string | null; p_letters: Json | null }; Returns: undefined };
      claim_alert: {
        Args: { p_claimant: string | null; p_letter_id: string | null; p_now: string | null };
        Returns: Json;
      };
      claim_part: {
        Args: {
          p_claimant: string | null;
          p_job_id: string | null;
          p_lease_ms: number | null;
          p_now: string | null;
          p_part_no: number | null;
        };
        Returns: Json;
      };
      claim_untold_alerts: {
        Args: { p_limit: number | null; p_now: string | null };
        Returns: {
          acknowledged_at: string | null;
          acknowledged_by: string | null;
          claimed_until: string | null;
          id: string;
          offenders: NonNullable<Json>;
          opened_at: string;
          query: string;
          reminded_at: string | null;
          reminder_count: number;
          resolved_at: string | null;
          rule: string;
          seen_at: string;
          severity: string;
          status: string;
          subject: string;
          threshold: number;
          untold: string | null;
          value: number;
        }[];
        SetofOptions: {
          from: "*";
          to: "alerts";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      claim_webhook_deliveries: {
        Args: {
          p_breaker_after: number | null;
          p_claimant: string | null;
          p_endpoint_id: string | null;
          p_job_id: string | null;
          p_lease_ms: number | null;
          p_limit: number | null;
          p_now: string | null;
        };
        Returns: Json;
      };
      clear_image_lane: {
        Args: { p_by: string | null; p_lane: string | null; p_now: string | null };
        Returns: string[];
      };
      clear_webhook_endpoints: { Args: { p_limit: number | null; p_now: string | null }; Returns: number };
      columns_of_rejects: { Args: { p_id: string | null }; Returns: string[] };
      compare_ways: {
        Args: { p_environment: string | null; p_flag: string | null; p_since: string | null };
        Returns: Json;
      };
      complete_image_task: {
        Args: {
          p_event_id: string | null;
          p_now: string | null;
          p_result: Json | null;
          p_task_id: string | null;
          p_thumbnail_path: string | null;
        };
        Returns: string;
      };
      complete_image_upload: {
        Args: {
          p_byte_count: number | null;
          p_height: number | null;
          p_id: string | null;
          p_now: string | null;
          p_path: string | null;
          p_width: number | null;
        };
        Returns: boolean;
      };
      complete_report: {
        Args: {
          p_byte_count: number | null;
          p_id: string | null;
          p_now: string | null;
          p_row_count: number | null;
          p_snapshot_at: string | null;
        };
        Returns: boolean;
      };
      confirm_alert: { Args: { p_letter_id: string | null; p_now: string | null }; Returns: undefined };
      confirm_report: { Args: { p_letter_id: string | null; p_now: string | null }; Returns: undefined };
      confirm_told_alert: { Args: { p_id: string | null; p_told: string | null }; Returns: undefined };
      count_campaign_audience: { Args: { p_campaign_id: string | null }; Returns: number };
      count_fired_slots: { Args: { p_schedule: string | null; p_slots: string[] | null }; Returns: number };
      count_github_webhook: {
        Args: {
          p_counts: Json | null;
          p_id: string | null;
          p_now: string | null;
          p_repository: string | null;
        };
        Returns: boolean;
      };
      count_import_undo: { Args: { p_id: string | null }; Returns: number };
      count_inbox_replay: {
        Args: {
          p_ends_at: string | null;
          p_source: string | null;
          p_starts_at: string | null;
          p_types: string[] | null;
          p_verdict: string | null;
        };
        Returns: number;
      };
      count_open: { Args: { p_owner: string | null }; Returns: Json };
      count_webhook_refusal: {
        Args: { p_now: string | null; p_reason: string | null; p_source: string | null };
        Returns: undefined;
      };
      count_webhook_replay: {
        Args: {
          p_endpoint_id: string | null;
          p_ends_at: string | null;
          p_owner: string | null;
          p_scope: string | null;
          p_starts_at: string | null;
        };
        Returns: number;
      };
      create_api_key: {
        Args: {
          p_expires_at: string | null;
          p_name: string | null;
          p_now: string | null;
          p_owner: string | null;
          p_role: string | null;
        };
        Returns: Json;
      };
      create_campaign: {
        Args: {
          p_content: Json | null;
          p_id: string | null;
          p_list_owner: string | null;
          p_now: string | null;
        };
        Returns: string;
      };
      create_email_list: {
        Args: { p_id: string | null; p_name: string | null; p_now: string | null; p_owner: string | null };
        Returns: {
          created_at: string;
          id: string;
          name: string;
          owner: string;
        };
        SetofOptions: {
          from: "*";
          to: "email_lists";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      create_webhook_endpoint: {
        Args: { p_endpoint: Json | null; p_limit: number | null; p_now: string | null };
        Returns: Json;
      };
      cut_inbox_replay: { Args: { p_id: string | null }; Returns: Json };
      cut_letter_group: { Args: { p_id: string | null }; Returns: Json };
      cut_post: { Args: { p_id: string | null; p_size: number | null }; Returns: Json };
      cut_webhook_replay: { Args: { p_id: string | null }; Returns: Json };
      decide_way: {
        Args: {
          p_environment: string | null;
          p_flag: string | null;
          p_job_id: string | null;
          p_key: string | null;
          p_now: string | null;
          p_reason: string | null;
          p_subject: string | null;
          p_way: string | null;
        };
        Returns: Json;
      };
      delete_campaign: {
        Args: { p_campaign_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: undefined;
      };
      delete_email_list: { Args: { p_list_id: string | null; p_owner: string | null }; Returns: undefined };
      delete_flag: { Args: { p_environment: string | null; p_name: string | null }; Returns: boolean };
      delete_flag_decisions: { Args: { p_before: string | null; p_limit: number | null }; Returns: number };
      delete_image_upload: {
        Args: { p_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: boolean;
      };
      delete_post: { Args: { p_author: string | null; p_id: string | null }; Returns: boolean };
      delete_webhook_endpoint: {
        Args: { p_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: undefined;
      };
      describe_import: {
        Args: {
          p_byte_count: number | null;
          p_dialect: Json | null;
          p_id: string | null;
          p_mapping: Json | null;
          p_version: string | null;
        };
        Returns: undefined;
      };
      disable_webhook_endpoint: {
        Args: { p_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: Json;
      };
      due_maintenance: { Args: { p_now: string | null }; Returns: string[] };
      enable_webhook_endpoint: {
        Args: { p_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: Json;
      };
      end_image_attempt: {
        Args: {
          p_now: string | null;
          p_outcome: Json | null;
          p_task_id: string | null;
          p_token: string | null;
        };
        Returns: string;
      };
      erase_email_subscriber: {
        Args: {
          p_by: string | null;
          p_list_id: string | null;
          p_now: string | null;
          p_owner: string | null;
          p_subscriber_id: number | null;
        };
        Returns: undefined;
      };
      erase_piece: { Args: { p_id: string | null; p_now: string | null }; Returns: string };
      expire_image_uploads: { Args: { p_before: string | null; p_limit: number | null }; Returns: number };
      fail_import: {
        Args: { p_error: Json | null; p_id: string | null; p_now: string | null };
        Returns: undefined;
      };
      fail_unbegun_jobs: {
        Args: {
          p_before: string | null;
          p_limit: number | null;
          p_now: string | null;
          p_refused: string[] | null;
        };
        Returns: number;
      };
      find_api_key: {
        Args: { p_id: string | null; p_now: string | null };
        Returns: {
          id: string;
          is_valid: boolean;
          owner: string;
          role: string;
          secret_hash: string;
          use_is_due: boolean;
        }[];
      };
      fingerprint_import: { Args: { p_fingerprint: string | null; p_id: string | null }; Returns: undefined };
      finish_archive_month: {
        Args: { p_bytes: number | null; p_month: string | null; p_now: string | null; p_rows: number | null };
        Returns: undefined;
      };
      finish_run: {
        Args: {
          p_event_id: string | null;
          p_function_id: string | null;
          p_now: string | null;
          p_result: Json | null;
          p_run_id: string | null;
        };
        Returns: Json;
      };
      follow_author: {
        Args: {
          p_author: string | null;
          p_follower: string | null;
          p_most: number | null;
          p_now: string | null;
        };
        Returns: undefined;
      };
      forget_left_files: { Args: { p_bucket: string | null; p_paths: string[] | null }; Returns: undefined };
      forget_reports: { Args: { p_limit: number | null; p_now: string | null }; Returns: number };
      functions_of_events: { Args: { p_events: string[] | null }; Returns: Json };
      get_campaign: {
        Args: { p_campaign_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: Json;
      };
      get_email_list: { Args: { p_list_id: string | null; p_owner: string | null }; Returns: Json };
      get_erasure: { Args: { p_id: string | null }; Returns: Json[] };
      get_flag: { Args: { p_environment: string | null; p_name: string | null }; Returns: Json };
      get_function: { Args: { p_function_id: string | null; p_now: string | null }; Returns: Json };
      get_image_task: { Args: { p_owner: string | null; p_task_id: string | null }; Returns: Json };
      get_image_upload: { Args: { p_id: string | null; p_owner: string | null }; Returns: Json };
      get_import: { Args: { p_id: string | null; p_owner: string | null }; Returns: Json };
      get_import_file: {
        Args: { p_id: string | null; p_owner: string | null };
        Returns: {
          created_at: string;
          expires_at: string;
          id: string;
          name: string;
          owner: string;
          path: string;
        }[];
        SetofOptions: {
          from: "*";
          to: "import_files";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      get_job: { Args: { p_job_id: string | null; p_owner: string | null }; Returns: Json };
      get_notification_email: { Args: { p_owner: string | null }; Returns: string };
      get_profile: {
        Args: { p_id: string | null };
        Returns: {
          id: string;
          name: string;
          revision: number;
          updated_at: string;
        }[];
        SetofOptions: {
          from: "*";
          to: "profiles";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      get_report: { Args: { p_id: string | null; p_owner: string | null }; Returns: Json };
      get_subscriber_history: {
        Args: {
          p_limit: number | null;
          p_list_id: string | null;
          p_owner: string | null;
          p_subscriber_id: number | null;
        };
        Returns: Json;
      };
      get_user_settings: {
        Args: { p_user_id: string | null };
        Returns: {
          time_zone: string;
          updated_at: string;
          user_id: string;
          weekly_digest: boolean;
        }[];
        SetofOptions: {
          from: "*";
          to: "user_settings";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      get_webhook: { Args: { p_id: string | null; p_most: number | null }; Returns: Json[] };
      get_webhook_delivery: {
        Args: { p_id: string | null; p_limit: number | null; p_owner: string | null };
        Returns: Json[];
      };
      get_webhook_endpoint: {
        Args: { p_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: Json[];
      };
      get_webhook_replay: { Args: { p_id: string | null; p_owner: string | null }; Returns: Json };
      hold_campaign: {
        Args: {
          p_campaign_id: string | null;
          p_event_id: string | null;
          p_now: string | null;
          p_reason: string | null;
        };
        Returns: undefined;
      };
      ignore_dead_letter: {
        Args: {
          p_by: string | null;
          p_letter_id: string | null;
          p_note: string | null;
          p_now: string | null;
        };
        Returns: {
          alert_claimed_at: string | null;
          alert_claimed_by: string | null;
          alerted_at: string | null;
          attempts: number;
          checked_by: string | null;
          created_at: string;
          error_code: string | null;
          error_message: string | null;
          error_stack: string | null;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          failed_at: string;
          fingerprint: string;
          function_id: string;
          group_job_id: string | null;
          handled_at: string | null;
          handled_by: string | null;
          id: string;
          job_id: string | null;
          note: string | null;
          outcome: string | null;
          parent_id: string | null;
          patched_data: Json | null;
          refusal: string | null;
          release: string | null;
          reopens: boolean;
          reported_at: string | null;
          reprocess_job_id: string | null;
          reprocessed_at: string | null;
          run_id: string;
          status: string;
        };
        SetofOptions: {
          from: "*";
          to: "dead_letter_queue";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      image_lane_stats: {
        Args: { p_owner: string | null; p_since: string | null };
        Returns: {
          average_ms: number;
          canceled: number;
          completed: number;
          failed: number;
          lane: string;
          processing: number;
          retrying: number;
          visible_canceled: number;
          visible_completed: number;
          visible_failed: number;
          waiting: number;
        }[];
      };
      image_tasks_of_jobs: { Args: { p_job_ids: string[] | null }; Returns: Json[] };
      import_of_job: {
        Args: { p_job_id: string | null };
        Returns: {
          absent: string;
          byte_count: number | null;
          created_at: string;
          declared_format: NonNullable<Json>;
          dialect: Json | null;
          ended_at: string | null;
          error: Json | null;
          file_id: string | null;
          file_name: string;
          file_url: string;
          fingerprint: string | null;
          id: string;
          inserted_count: number;
          is_again: boolean;
          is_dry_run: boolean;
          job_id: string | null;
          mapping: Json | null;
          merge: string;
          options: NonNullable<Json>;
          owner: string;
          rejected_count: number;
          row_count: number | null;
          scope: string;
          skipped_count: number;
          status: string | null;
          target: string;
          unchanged_count: number;
          undo_counts: Json | null;
          undo_job_id: string | null;
          undone_at: string | null;
          updated_count: number;
          version: string | null;
        }[];
        SetofOptions: {
          from: "*";
          to: "imports";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      initialize_user: { Args: { p_now: string | null; p_user_id: string | null }; Returns: undefined };
      job_log: { Args: { p_job_id: string | null; p_limit: number | null }; Returns: Json[] };
      job_stats: {
        Args: { p_most: number | null; p_now: string | null; p_owner: string | null };
        Returns: Json;
      };
      keep_log_lines: { Args: { p_job_id: string | null; p_lines: Json | null }; Returns: undefined };
      last_import_mapping: {
        Args: { p_columns: Json | null; p_owner: string | null; p_target: string | null };
        Returns: Json;
      };
      last_ticks: {
        Args: { p_schedules: string[] | null };
        Returns: {
          fate: string;
          job_id: string;
          reason: string;
          result: Json;
          schedule: string;
          slot: string;
          slot_at: string;
        }[];
      };
      learn_tokens: {
        Args: {
          p_blocked_until: string | null;
          p_key: string | null;
          p_now: string | null;
          p_remaining: number | null;
        };
        Returns: undefined;
      };
      lift_suppression: {
        Args: {
          p_because: string | null;
          p_by: string | null;
          p_email: string | null;
          p_id: number | null;
          p_now: string | null;
        };
        Returns: {
          address: string | null;
          address_hash: string;
          created_at: string;
          id: number;
          is_active: boolean;
          lifted_at: string | null;
          lifted_because: string | null;
          lifted_by: string | null;
          list_id: string | null;
          note: string | null;
          reason: string;
          scope: string;
          source: string;
          stream: string | null;
          suppressed_at: string | null;
        }[];
        SetofOptions: {
          from: "*";
          to: "suppressions";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      list_alerts: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_limit: number | null;
          p_status: string | null;
        };
        Returns: {
          acknowledged_at: string | null;
          acknowledged_by: string | null;
          claimed_until: string | null;
          id: string;
          offenders: NonNullable<Json>;
          opened_at: string;
          query: string;
          reminded_at: string | null;
          reminder_count: number;
          resolved_at: string | null;
          rule: string;
          seen_at: string;
          severity: string;
          status: string;
          subject: string;
          threshold: number;
          untold: string | null;
          value: number;
        }[];
        SetofOptions: {
          from: "*";
          to: "alerts";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      list_api_keys: {
        Args: { p_before_at: string | null; p_before_id: string | null; p_limit: number | null };
        Returns: {
          created_at: string;
          expires_at: string;
          id: string;
          last_used_at: string;
          name: string;
          owner: string;
          revoked_at: string;
          role: string;
        }[];
      };
      list_audit_logs: {
        Args: { p_before_id: number | null; p_limit: number | null };
        Returns: {
          action: string;
          actor: string;
          at: string;
          id: number;
          target: NonNullable<Json>;
        }[];
        SetofOptions: {
          from: "*";
          to: "audit_logs";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      list_blocks: {
        Args: { p_after: string | null; p_blocker: string | null; p_limit: number | null };
        Returns: {
          person: string;
          since: string;
        }[];
      };
      list_busiest_users: {
        Args: { p_limit: number | null };
        Returns: {
          failed_count: number;
          job_count: number;
          last_job_at: string;
          owner: string;
          refreshed_at: string;
        }[];
        SetofOptions: {
          from: "*";
          to: "busiest_users";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      list_campaign_sends: {
        Args: {
          p_after: number | null;
          p_campaign_id: string | null;
          p_limit: number | null;
          p_owner: string | null;
          p_status: string | null;
        };
        Returns: {
          attempts: number;
          batch_no: number;
          email: string;
          error_code: string;
          id: number;
          note: string;
          provider: string;
          provider_message_id: string;
          reported: string;
          status: string;
        }[];
      };
      list_campaigns: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_limit: number | null;
          p_owner: string | null;
        };
        Returns: {
          created_at: string;
          id: string;
          name: string;
          status: string;
        }[];
      };
      list_dead_letters: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_error_code: string | null;
          p_event_name: string | null;
          p_fingerprint: string | null;
          p_from: string | null;
          p_function_id: string | null;
          p_job_id: string | null;
          p_limit: number | null;
          p_status: string | null;
          p_to: string | null;
        };
        Returns: {
          alert_claimed_at: string | null;
          alert_claimed_by: string | null;
          alerted_at: string | null;
          attempts: number;
          checked_by: string | null;
          created_at: string;
          error_code: string | null;
          error_message: string | null;
          error_stack: string | null;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          failed_at: string;
          fingerprint: string;
          function_id: string;
          group_job_id: string | null;
          handled_at: string | null;
          handled_by: string | null;
          id: string;
          job_id: string | null;
          note: string | null;
          outcome: string | null;
          parent_id: string | null;
          patched_data: Json | null;
          refusal: string | null;
          release: string | null;
          reopens: boolean;
          reported_at: string | null;
          reprocess_job_id: string | null;
          reprocessed_at: string | null;
          run_id: string;
          status: string;
        }[];
        SetofOptions: {
          from: "*";
          to: "dead_letter_queue";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      list_email_lists: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_counts: boolean | null;
          p_limit: number | null;
          p_owner: string | null;
        };
        Returns: {
          created_at: string;
          id: string;
          name: string;
          subscribers: Json;
        }[];
      };
      list_email_subscribers: {
        Args: {
          p_after: number | null;
          p_limit: number | null;
          p_list_id: string | null;
          p_owner: string | null;
          p_search: string | null;
          p_status: string | null;
        };
        Returns: {
          created_at: string;
          email: string;
          fields: NonNullable<Json>;
          id: number;
          list_id: string;
          status: string;
          updated_at: string;
        }[];
        SetofOptions: {
          from: "*";
          to: "email_subscribers";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      list_flags: { Args: { p_environment: string | null }; Returns: Json };
      list_follows: {
        Args: { p_after: string | null; p_follower: string | null; p_limit: number | null };
        Returns: {
          person: string;
          since: string;
        }[];
      };
      list_functions: { Args: { p_now: string | null }; Returns: Json[] };
      list_image_tasks: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_lane: string | null;
          p_limit: number | null;
          p_owner: string | null;
          p_status: string | null;
        };
        Returns: Json[];
      };
      list_import_conflicts: { Args: { p_id: string | null; p_limit: number | null }; Returns: Json };
      list_import_rejects: {
        Args: { p_after: number | null; p_id: string | null; p_limit: number | null };
        Returns: {
          byte_offset: number;
          cells: Json | null;
          code: string;
          column_name: string | null;
          hint: string;
          id: number;
          import_id: string;
          line: number;
          message: string;
          raw: string;
          row_no: number;
        }[];
        SetofOptions: {
          from: "*";
          to: "import_rejects";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      list_imports: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_limit: number | null;
          p_owner: string | null;
        };
        Returns: Json;
      };
      list_jobs: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_from: string | null;
          p_function_id: string | null;
          p_kind: string | null;
          p_limit: number | null;
          p_owner: string | null;
          p_parent_job_id: string | null;
          p_requester: string | null;
          p_search: string | null;
          p_status: string | null;
          p_to: string | null;
        };
        Returns: Json[];
      };
      list_left_files: {
        Args: { p_limit: number | null };
        Returns: {
          bucket: string;
          path: string;
        }[];
      };
      list_letter_groups: {
        Args: {
          p_fingerprint: string | null;
          p_limit: number | null;
          p_now: string | null;
          p_status: string | null;
        };
        Returns: Json;
      };
      list_notifications: {
        Args: { p_limit: number | null; p_owner: string | null; p_unread: boolean | null };
        Returns: Json[];
      };
      list_orders: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_limit: number | null;
          p_owner: string | null;
          p_status: string | null;
        };
        Returns: Json[];
      };
      list_payments: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_limit: number | null;
          p_status: string | null;
        };
        Returns: Json[];
      };
      list_reports: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_limit: number | null;
          p_owner: string | null;
        };
        Returns: Json;
      };
      list_suppressions: {
        Args: { p_before_id: number | null; p_email: string | null; p_limit: number | null };
        Returns: {
          address: string | null;
          address_hash: string;
          created_at: string;
          id: number;
          is_active: boolean;
          lifted_at: string | null;
          lifted_because: string | null;
          lifted_by: string | null;
          list_id: string | null;
          note: string | null;
          reason: string;
          scope: string;
          source: string;
          stream: string | null;
          suppressed_at: string | null;
        }[];
        SetofOptions: {
          from: "*";
          to: "suppressions";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      list_ticks: {
        Args: { p_limit: number | null; p_schedule: string | null };
        Returns: {
          fate: string;
          job_id: string;
          job_status: string;
          made_at: string;
          reason: string;
          result: Json;
          slot: string;
          slot_at: string;
        }[];
      };
      list_webhook_deliveries: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_endpoint_id: string | null;
          p_limit: number | null;
          p_owner: string | null;
          p_status: string | null;
        };
        Returns: Json[];
      };
      list_webhook_endpoints: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_limit: number | null;
          p_now: string | null;
          p_owner: string | null;
        };
        Returns: Json[];
      };
      list_webhook_types: { Args: { p_limit: number | null }; Returns: Json[] };
      list_webhooks: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_limit: number | null;
          p_source: string | null;
          p_type: string | null;
          p_verdict: string | null;
        };
        Returns: Json[];
      };
      mark_jobs_sent: { Args: { p_job_ids: string[] | null; p_now: string | null }; Returns: undefined };
      missing_webhooks: {
        Args: { p_external_ids: string[] | null; p_source: string | null };
        Returns: string[];
      };
      move_production: { Args: { p_now: string | null; p_supabase_url: string | null }; Returns: undefined };
      newest_migration: { Args: Record<PropertyKey, never>; Returns: string };
      next_archive_month: { Args: { p_now: string | null }; Returns: string };
      note_api_key_use: { Args: { p_id: string | null; p_now: string | null }; Returns: undefined };
      note_failed_try: {
        Args: {
          p_attempt: number | null;
          p_delay_ms: number | null;
          p_error: Json | null;
          p_now: string | null;
          p_pauses_ms: Json | null;
          p_run_id: string | null;
          p_step_id: string | null;
        };
        Returns: number;
      };
      notify: {
        Args: {
          p_data: Json | null;
          p_key: string | null;
          p_now: string | null;
          p_owner: string | null;
          p_type: string | null;
        };
        Returns: undefined;
      };
      open_campaign_parts: { Args: { p_campaign_id: string | null }; Returns: Json };
      open_import: {
        Args: {
          p_event_id: string | null;
          p_id: string | null;
          p_import: Json | null;
          p_now: string | null;
          p_owner: string | null;
        };
        Returns: Json;
      };
      open_plan: {
        Args: { p_event_id: string | null; p_function_id: string | null; p_now: string | null };
        Returns: Json;
      };
      open_report: {
        Args: { p_event_id: string | null; p_now: string | null; p_report: Json | null };
        Returns: {
          byte_count: number | null;
          campaign_id: string | null;
          created_at: string;
          ends_at: string;
          expires_at: string;
          format: string;
          id: string;
          owner: string;
          path: string;
          revoked_at: string | null;
          row_count: number | null;
          scope: string | null;
          snapshot_at: string | null;
          starts_at: string;
          type: string;
        };
        SetofOptions: {
          from: "*";
          to: "reports";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      open_schedules: {
        Args: { p_declared: Json | null; p_now: string | null };
        Returns: {
          changed_at: string | null;
          changed_by: string | null;
          checked_until: string;
          cron: string;
          name: string;
          operator_cron: string | null;
          operator_time_zone: string | null;
          paused_at: string | null;
          paused_by: string | null;
          time_zone: string;
        }[];
        SetofOptions: {
          from: "*";
          to: "schedules";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      open_webhook: { Args: { p_id: string | null }; Returns: Json[] };
      open_webhook_gap_check: {
        Args: { p_key: string | null; p_now: string | null; p_source: string | null };
        Returns: {
          checked_at: string | null;
          checked_until: string;
          cursor: string | null;
          found_count: number;
          key: string;
          reading_until: string | null;
        };
        SetofOptions: {
          from: "*";
          to: "webhook_gap_checks";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      page_letter_group: {
        Args: {
          p_after: Json | null;
          p_fingerprint: string | null;
          p_limit: number | null;
          p_until: string | null;
        };
        Returns: Json;
      };
      pause_campaign: {
        Args: { p_campaign_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: undefined;
      };
      pause_schedule: {
        Args: { p_by: string | null; p_now: string | null; p_schedule: string | null };
        Returns: undefined;
      };
      pause_webhook_replay: {
        Args: { p_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: Json;
      };
      pause_work: {
        Args: { p_by: string | null; p_function_id: string | null; p_now: string | null };
        Returns: number;
      };
      plan_campaign: {
        Args: {
          p_batch_size: number | null;
          p_campaign_id: string | null;
          p_event_id: string | null;
          p_imprint: Json | null;
          p_now: string | null;
          p_part_size: number | null;
          p_piece: number | null;
        };
        Returns: Json;
      };
      plan_parts: {
        Args: { p_job_id: string | null; p_now: string | null; p_piece: Json | null };
        Returns: Json;
      };
      preview_campaign: {
        Args: { p_campaign_id: string | null; p_names: string[] | null; p_owner: string | null };
        Returns: Json;
      };
      production_url: {
        Args: { p_is_production: boolean | null; p_now: string | null; p_supabase_url: string | null };
        Returns: string;
      };
      purge_alerts: { Args: { p_before: string | null; p_limit: number | null }; Returns: number };
      purge_imports: { Args: { p_limit: number | null; p_now: string | null }; Returns: number };
      purge_ledgers: {
        Args: { p_completed_before: string | null; p_failed_before: string | null; p_limit: number | null };
        Returns: number;
      };
      purge_mail_bounces: { Args: { p_before: string | null; p_limit: number | null }; Returns: number };
      purge_mails: { Args: { p_before: string | null; p_limit: number | null }; Returns: number };
      purge_ticks: { Args: { p_before: string | null; p_limit: number | null }; Returns: number };
      purge_webhook_messages: { Args: { p_before: string | null; p_limit: number | null }; Returns: number };
      purge_webhooks: { Args: { p_before: string | null; p_limit: number | null }; Returns: number };
      push_post_part: {
        Args: { p_now: string | null; p_part_id: number | null; p_token: string | null };
        Returns: string;
      };
      queue_held_job: { Args: { p_job_id: string | null; p_now: string | null }; Returns: undefined };
      queue_inbox_replay: {
        Args: {
          p_from: number | null;
          p_last: number | null;
          p_now: string | null;
          p_part_id: number | null;
          p_replay_id: string | null;
          p_token: string | null;
        };
        Returns: Json;
      };
      queue_left_jobs: {
        Args: {
          p_before: string | null;
          p_function_id: string | null;
          p_limit: number | null;
          p_now: string | null;
        };
        Returns: number;
      };
      queue_stats: { Args: { p_now: string | null }; Returns: Json };
      queue_webhook_replay: {
        Args: {
          p_from: number | null;
          p_last: number | null;
          p_now: string | null;
          p_part_id: number | null;
          p_replay_id: string | null;
          p_token: string | null;
        };
        Returns: Json;
      };
      read_all_notifications: { Args: { p_now: string | null; p_owner: string | null }; Returns: number };
      read_changes: {
        Args: {
          p_limit: number | null;
          p_owner: string | null;
          p_position: string | null;
          p_reader: string | null;
        };
        Returns: Json;
      };
      read_feed: { Args: { p_pulled: number[] | null; p_reader: string | null }; Returns: Json };
      read_letter_group_job: { Args: { p_id: string | null }; Returns: Json };
      read_live_job: { Args: { p_job_id: string | null; p_owner: string | null }; Returns: Json };
      read_live_snapshot: {
        Args: {
          p_before_at: string | null;
          p_before_id: string | null;
          p_from: string | null;
          p_function_id: string | null;
          p_kind: string | null;
          p_owner: string | null;
          p_parent_job_id: string | null;
          p_reader: string | null;
          p_requester: string | null;
          p_search: string | null;
          p_status: string | null;
          p_to: string | null;
        };
        Returns: Json;
      };
      read_live_tasks: { Args: { p_lane: string | null; p_owner: string | null }; Returns: Json };
      read_metrics: { Args: { p_now: string | null }; Returns: Json };
      read_month_usage: {
        Args: { p_month: string | null };
        Returns: {
          failed_count: number;
          fan_out_count: number;
          function_id: string;
          job_count: number;
          mail_count: number;
          part_count: number;
          retry_count: number;
          run_count: number;
        }[];
      };
      read_notification: {
        Args: { p_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: Json;
      };
      read_preferences: { Args: { p_list_id: string | null; p_subscriber_id: number | null }; Returns: Json };
      receive_webhooks: {
        Args: { p_now: string | null; p_webhooks: Json | null };
        Returns: {
          event_data: Json;
          event_name: string;
          id: string;
          released_at: string;
        }[];
      };
      record_admin_action: {
        Args: {
          p_action: string | null;
          p_actor: string | null;
          p_now: string | null;
          p_target: Json | null;
        };
        Returns: undefined;
      };
      record_dead_letter: { Args: { p_letter: Json | null; p_now: string | null }; Returns: string };
      record_mail_report: { Args: { p_now: string | null; p_report: Json | null }; Returns: boolean };
      release_image_upload: { Args: { p_id: string | null; p_now: string | null }; Returns: boolean };
      release_part: {
        Args: {
          p_error: Json | null;
          p_id: number | null;
          p_is_provider_failure: boolean | null;
          p_now: string | null;
          p_token: string | null;
          p_waiting_until: string | null;
        };
        Returns: number;
      };
      release_ticks: { Args: { p_now: string | null }; Returns: number };
      remind_of_profile: { Args: { p_now: string | null; p_user_id: string | null }; Returns: boolean };
      renew_payment_key: {
        Args: { p_forgotten_before: string | null; p_now: string | null; p_order_id: string | null };
        Returns: Json;
      };
      replace_webhook_secrets: { Args: { p_secrets: Json | null }; Returns: undefined };
      report_columns: { Args: { p_id: string | null }; Returns: Json };
      report_on_yesterday: { Args: { p_now: string | null; p_time_zone: string | null }; Returns: Json };
      report_page: { Args: { p_page: number | null; p_snapshot_id: string | null }; Returns: Json };
      report_snapshot: { Args: { p_id: string | null; p_limit: number | null }; Returns: Json };
      reprocess_dead_letter: {
        Args: {
          p_by: string | null;
          p_data?: Json | null;
          p_job_id: string | null;
          p_letter_id: string | null;
          p_now: string | null;
        };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      resend_webhook_delivery: {
        Args: { p_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: Json;
      };
      reserve_admission: {
        Args: {
          p_kind: string | null;
          p_now: string | null;
          p_places: number | null;
          p_priority: number | null;
          p_request: string | null;
          p_requester: string | null;
        };
        Returns: number;
      };
      resolve_campaign_send: {
        Args: {
          p_campaign_id: string | null;
          p_note: string | null;
          p_owner: string | null;
          p_status: string | null;
          p_subscriber_id: number | null;
        };
        Returns: undefined;
      };
      resume_webhook_replay: {
        Args: { p_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: Json;
      };
      resume_work: { Args: { p_function_id: string | null; p_now: string | null }; Returns: number };
      revoke_api_key: { Args: { p_id: string | null; p_now: string | null }; Returns: boolean };
      revoke_report: {
        Args: { p_id: string | null; p_now: string | null; p_owner: string | null };
        Returns: boolean;
      };
      rotate_webhook_secret: {
        Args: {
          p_id: string | null;
          p_now: string | null;
          p_old_until: string | null;
          p_owner: string | null;
          p_secret: string | null;
        };
        Returns: Json;
      };
      run_job_again: {
        Args: {
          p_by: string | null;
          p_job_id: string | null;
          p_key: string | null;
          p_new_id: string | null;
          p_now: string | null;
        };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      run_maintenance: {
        Args: { p_limit: number | null; p_now: string | null; p_task: string | null };
        Returns: Json;
      };
      run_schedule: {
        Args: {
          p_by: string | null;
          p_now: string | null;
          p_request: Json | null;
          p_schedule: string | null;
          p_slot: string | null;
        };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      run_task: {
        Args: {
          p_by: string | null;
          p_now: string | null;
          p_schedule: string | null;
          p_slot: string | null;
          p_task: string | null;
        };
        Returns: undefined;
      };
      save_webhook_gap_check: {
        Args: {
          p_checked_until: string | null;
          p_cursor: string | null;
          p_found: number | null;
          p_key: string | null;
          p_now: string | null;
          p_reading_until: string | null;
        };
        Returns: undefined;
      };
      secrets_to_renew: {
        Args: { p_key_name: string | null; p_limit: number | null; p_now: string | null };
        Returns: Json[];
      };
      send_auth_mails: { Args: { p_mails: Json | null; p_now: string | null }; Returns: undefined };
      send_campaign_test: { Args: { p_mail: Json | null; p_now: string | null }; Returns: string };
      send_canary: { Args: { p_every: string | null; p_now: string | null }; Returns: boolean };
      set_default_settings: { Args: { p_now: string | null; p_user_id: string | null }; Returns: undefined };
      set_email_subscriber_status: {
        Args: {
          p_by: string | null;
          p_list_id: string | null;
          p_now: string | null;
          p_owner: string | null;
          p_status: string | null;
          p_subscriber_id: number | null;
        };
        Returns: {
          created_at: string;
          email: string;
          fields: NonNullable<Json>;
          id: number;
          list_id: string;
          status: string;
          updated_at: string;
        };
        SetofOptions: {
          from: "*";
          to: "email_subscribers";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      set_flag: {
        Args: {
          p_allowed: string[] | null;
          p_environment: string | null;
          p_is_on: boolean | null;
          p_name: string | null;
          p_now: string | null;
          p_percentage: number | null;
        };
        Returns: Json;
      };
      set_notification_email: {
        Args: { p_email: string | null; p_now: string | null; p_owner: string | null };
        Returns: undefined;
      };
      settle_campaign_batches: {
        Args: {
          p_now: string | null;
          p_outcomes: Json | null;
          p_part_id: number | null;
          p_provider: string | null;
          p_token: string | null;
        };
        Returns: string;
      };
      settle_canceled_campaigns: { Args: { p_limit: number | null; p_now: string | null }; Returns: number };
      settle_mail: { Args: { p_id: string | null; p_message_id: string | null }; Returns: undefined };
      settle_payment: { Args: { p_now: string | null; p_payment: Json | null }; Returns: string };
      settle_webhook: {
        Args: {
          p_covered_sequence: number | null;
          p_id: string | null;
          p_now: string | null;
          p_verdict: string | null;
        };
        Returns: undefined;
      };
      settle_webhook_deliveries: {
        Args: {
          p_attempts: Json | null;
          p_breaker_after: number | null;
          p_claimant: string | null;
          p_endpoint_id: string | null;
          p_now: string | null;
        };
        Returns: string;
      };
      show_image_lane: {
        Args: { p_ended_limit: number | null; p_lane: string | null; p_owner: string | null };
        Returns: Json[];
      };
      start_run: {
        Args: {
          p_attempt: number | null;
          p_event_data: Json | null;
          p_event_id: string | null;
          p_event_name: string | null;
          p_function_id: string | null;
          p_now: string | null;
          p_parent_job_id: string | null;
          p_run_id: string | null;
        };
        Returns: Json;
      };
      start_waiting_image_tasks: { Args: { p_now: string | null }; Returns: number };
      start_webhook_lane: {
        Args: { p_endpoint_id: string | null; p_now: string | null };
        Returns: undefined;
      };
      summarize_jobs: {
        Args: {
          p_from: string | null;
          p_function_id: string | null;
          p_kind: string | null;
          p_most: number | null;
          p_owner: string | null;
          p_parent_job_id: string | null;
          p_requester: string | null;
          p_search: string | null;
          p_status: string | null;
          p_to: string | null;
        };
        Returns: Json;
      };
      sync_github_metrics: { Args: { p_metrics: Json | null; p_now: string | null }; Returns: number };
      take_campaign_batches: {
        Args: {
          p_keys_ms: Json | null;
          p_limit: number | null;
          p_now: string | null;
          p_part_id: number | null;
          p_provider: string | null;
          p_token: string | null;
        };
        Returns: Json;
      };
      take_quiet_runs: {
        Args: { p_limit: number | null; p_now: string | null; p_quiet_since: string | null };
        Returns: {
          event_data: Json;
          event_id: string;
          event_name: string;
          function_id: string;
          is_fan_out: boolean;
          job_id: string;
          quiet_since: string;
          run_id: string;
        }[];
      };
      take_report_pages: {
        Args: {
          p_id: string | null;
          p_most_rows: number | null;
          p_page_rows: number | null;
          p_snapshot_id: string | null;
        };
        Returns: number;
      };
      take_tokens: { Args: { p_now: string | null; p_wants: Json | null }; Returns: Json };
      tally_usage: { Args: { p_limit: number | null; p_now: string | null }; Returns: number };
      test_webhook_endpoint: {
        Args: {
          p_data: Json | null;
          p_endpoint_id: string | null;
          p_id: string | null;
          p_now: string | null;
          p_owner: string | null;
          p_type: string | null;
        };
        Returns: Json;
      };
      tick_schedule: {
        Args: {
          p_cron: string | null;
          p_from: string | null;
          p_now: string | null;
          p_overlap: string | null;
          p_schedule: string | null;
          p_ticks: Json | null;
          p_time_zone: string | null;
          p_until: string | null;
        };
        Returns: Json;
      };
      track_signup: { Args: { p_now: string | null; p_user_id: string | null }; Returns: undefined };
      trim_jobs: { Args: { p_before: string | null; p_limit: number | null }; Returns: number };
      unalerted_dead_letters: {
        Args: { p_before: string | null; p_limit: number | null };
        Returns: {
          alert_claimed_at: string | null;
          alert_claimed_by: string | null;
          alerted_at: string | null;
          attempts: number;
          checked_by: string | null;
          created_at: string;
          error_code: string | null;
          error_message: string | null;
          error_stack: string | null;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          failed_at: string;
          fingerprint: string;
          function_id: string;
          group_job_id: string | null;
          handled_at: string | null;
          handled_by: string | null;
          id: string;
          job_id: string | null;
          note: string | null;
          outcome: string | null;
          parent_id: string | null;
          patched_data: Json | null;
          refusal: string | null;
          release: string | null;
          reopens: boolean;
          reported_at: string | null;
          reprocess_job_id: string | null;
          reprocessed_at: string | null;
          run_id: string;
          status: string;
        }[];
        SetofOptions: {
          from: "*";
          to: "dead_letter_queue";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      unblock_person: { Args: { p_blocked: string | null; p_blocker: string | null }; Returns: undefined };
      undo_import_rows: {
        Args: {
          p_id: string | null;
          p_is_given_up: boolean | null;
          p_limit: number | null;
          p_now: string | null;
          p_part_id: number | null;
          p_token: string | null;
        };
        Returns: string;
      };
      unfollow_author: { Args: { p_author: string | null; p_follower: string | null }; Returns: undefined };
      unheard_cancels: {
        Args: { p_limit: number | null; p_since: string | null };
        Returns: {
          event_id: string;
          function_id: string;
          id: string;
        }[];
      };
      unsent_jobs: {
        Args: {
          p_accepted_before: string | null;
          p_except?: string[] | null;
          p_limit: number | null;
          p_released_before: string | null;
        };
        Returns: {
          again_of: string | null;
          checked_at: string | null;
          created_at: string;
          dead_letter_id: string | null;
          deadline_at: string | null;
          due_at: string;
          ended_at: string | null;
          error: Json | null;
          event_count: number;
          event_data: NonNullable<Json>;
          event_id: string;
          event_name: string;
          fingerprint: string | null;
          function_id: string;
          id: string;
          idempotency_key: string | null;
          keep_completed: number | null;
          kind: string;
          owner: string | null;
          parent_job_id: string | null;
          paused_at: string | null;
          priority: number;
          progress_done: number | null;
          progress_total: number | null;
          ready_at: string;
          released_at: string | null;
          requester: string;
          result: Json | null;
          sent_at: string | null;
          started_at: string | null;
          status: string;
          updated_at: string;
        }[];
        SetofOptions: {
          from: "*";
          to: "jobs";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      update_campaign: {
        Args: { p_campaign_id: string | null; p_content: Json | null; p_owner: string | null };
        Returns: undefined;
      };
      upsert_email_subscribers: {
        Args: {
          p_list_id: string | null;
          p_now: string | null;
          p_owner: string | null;
          p_replace: boolean | null;
          p_rows: Json | null;
        };
        Returns: Json;
      };
      wake_webhook_lanes: { Args: { p_limit: number | null; p_now: string | null }; Returns: number };
      watch: {
        Args: {
          p_mail_to: string[] | null;
          p_now: string | null;
          p_remind_after: string | null;
          p_slots: Json | null;
          p_thresholds: Json | null;
        };
        Returns: Json;
      };
      welcome_user: { Args: { p_now: string | null; p_user_id: string | null }; Returns: string };
      work_letter_group: {
        Args: {
          p_from: number | null;
          p_job_id: string | null;
          p_last: number | null;
          p_now: string | null;
          p_part_id: number | null;
          p_token: string | null;
        };
        Returns: Json;
      };
      write_import_rows: {
        Args: {
          p_from: number | null;
          p_id: number | null;
          p_next: number | null;
          p_now: string | null;
          p_rejects: Json | null;
          p_rows: Json | null;
          p_token: string | null;
        };
        Returns: string;
      };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])[TableName] extends {
      Row: infer R;
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
        Row: infer R;
      }
      ? R
      : never
    : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Insert: infer I;
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
        Insert: infer I;
      }
      ? I
      : never
    : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Update: infer U;
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
        Update: infer U;
      }
      ? U
      : never
    : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
    : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
    : never;

export const Constants = {
  public: {
    Enums: {},
  },
} as const;
