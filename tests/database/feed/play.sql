-- Plays a history and returns what its reads showed. p_ops: [{"do", "by", "with", "id", "readAs"}]; see model.ts.
create function play(p_ops jsonb, p_now timestamptz)
returns jsonb
language plpgsql
as $$
declare
  v_op jsonb;
  v_reads jsonb := '[]';
  v_pulled jsonb := '{}';
  v_read jsonb;
  v_part jsonb;
begin
  for v_op in select * from jsonb_array_elements(p_ops) loop
    p_now := p_now + interval '1 second';
    case v_op ->> 'do'
      when 'follow' then perform public.follow_author(v_op ->> 'by', v_op ->> 'with', 5000, p_now);
      when 'unfollow' then perform public.unfollow_author(v_op ->> 'by', v_op ->> 'with');
      when 'block' then perform public.block_person(v_op ->> 'by', v_op ->> 'with', 5000, p_now);
      when 'unblock' then perform public.unblock_person(v_op ->> 'by', v_op ->> 'with');
      when 'post' then
        perform public.accept_post('x', jsonb_build_object('id', v_op -> 'id', 'event', 'feed/push.post',
          'data', jsonb_build_object('postId', v_op -> 'id'), 'requester', v_op -> 'by', 'owner', v_op -> 'by'), p_now);
      when 'delete' then perform public.delete_post((v_op ->> 'id')::uuid, null);
      when 'plan' then
        perform private.plan_parts((v_op ->> 'id')::uuid, jsonb_build_object('from', null, 'cursor', null, 'parts', (
          select coalesce(jsonb_agg(part || jsonb_build_object('bounds', jsonb_build_object('postId', v_op -> 'id'))), '[]')
          from jsonb_array_elements(public.cut_post((v_op ->> 'id')::uuid, 2)) as part)), p_now);
      when 'push' then
        v_part := private.claim_part((v_op ->> 'id')::uuid, null, 'worker', 60000, p_now);
        if v_part ->> 'state' = 'claimed' then
          perform public.push_post_part((v_part ->> 'id')::bigint, (v_part ->> 'token')::uuid, p_now);
        end if;
      when 'read', 'read again' then
        v_read := public.read_feed(v_op ->> 'by', case when v_op ->> 'do' = 'read again' and v_pulled ? (v_op ->> 'by')
          then array(select jsonb_array_elements_text(v_pulled -> (v_op ->> 'by'))::bigint) end);
        v_pulled := v_pulled || jsonb_build_object(v_op ->> 'by', v_read -> 'pulled');
        v_reads := v_reads || jsonb_build_array(
          (select coalesce(jsonb_agg(post -> 'id' order by n), '[]')
           from jsonb_array_elements(v_read -> 'posts') with ordinality as posts (post, n)));
    end case;
  end loop;
  return v_reads;
end
$$;
