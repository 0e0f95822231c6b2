/** Español. The keys of en.js; a test compares them. */
export default {
  // Everywhere
  loading: "Cargando…", close: "Cerrar", cancel: "Cancelar", save: "Guardar", send: "Enviar", copy: "Copiar", create: "Crear", remove: "Eliminar",
  retry: "Reintentar", discard: "Descartar", show: "Ver", optional: "opcional", reason: "Motivo", reason_optional: "Motivo (opcional)",
  reason_public: "Lo verá toda la sala.", reason_person: "La persona lo verá.", copied: "Copiado.", copy_failed: "No se pudo copiar. Aquí está: {what}",
  help: "Teclas y escritura", you: "tú", everyone: "Todo el mundo", people: "Personas", person: "Persona", room: "Sala", rooms: "Salas", today: "Hoy", yesterday: "Ayer",
  skip_to_messages: "Ir a los mensajes",

  // Roles
  role: "Papel", role_owner: "responsable", role_instructor: "docente", role_ta: "ayudante", role_learner: "estudiante", role_observer: "oyente", role_bot: "bot",

  // Join
  join_title: "Toma asiento", join_lead: "Te han invitado a la mesa de un grupo. Di quién eres y entra.", join: "Entrar", joining: "Entrando…",
  your_name: "Tu nombre", your_name_hint: "Como lo verán los demás. Puedes cambiarlo después.", goal: "¿Qué esperas?", goal_hint: "Una frase, para quienes enseñan.",
  need_invite_title: "Necesitas una invitación", need_invite: "Tertulia es la mesa de un grupo. Abre el enlace que te enviaron o pégalo aquí.",
  paste_link: "Enlace de invitación", go_on: "Continuar",

  // Left column and home
  welcome_back: "Hola, {name}.", all_read: "Lo has leído todo.", you_have_unread: { one: "Tienes {n} mensaje sin leer.", other: "Tienes {n} mensajes sin leer." }, n_unread: { one: "{n} mensaje sin leer", other: "{n} mensajes sin leer" },
  here_now: "Aquí ahora · {n} de {all}", n_more: "y {n} más", not_connected: "sin conexión", create_room: "Nueva sala", nothing_new: "nada nuevo", no_rooms: "Todavía no hay salas.",
  for_you: "Te mencionaron", mentioned_in: "{name} te mencionó en {room}", my_menu: "Mis ajustes", to_all_rooms: "Todas las salas",

  theme: "Tema", theme_system: "Como el sistema", theme_light: "Claro", theme_dark: "Oscuro", language: "Idioma", announcements: "El lector de pantalla oye",
  announce_all: "Todos los mensajes", announce_mentions: "Menciones", announce_counts: "Solo cuántos", announce_nothing: "Nada",
  rename: "Cambiar mi nombre", rename_title: "Tu nombre", export_me: "Descargar mis datos", sign_out: "Salir en esta pestaña", invite_people: "Invitar", invite: "Invitar",

  // Room
  search: "Buscar", room_menu: "Menú de la sala", n_here: { one: "{n} aquí", other: "{n} aquí" }, closed: "cerrada", locked: "bloqueada", topic: "Tema",
  room_denied: "Esta sala no está abierta para ti", room_begins: "Aquí empieza la sala.", room_empty: "Nadie ha hablado todavía. La primera palabra es tuya.",
  messages_in: "Mensajes en {room}", unread_line: "Nuevo desde tu última visita", n_new: { one: "{n} nuevo", other: "{n} nuevos" }, to_newest: "A lo más reciente",
  page_failed: "No se pudo cargar. Reintentar", n_pinned: { one: "{n} fijado", other: "{n} fijados" }, one_typing: "{names} está escribiendo", some_typing: "{names} están escribiendo", many_typing: "{n} personas están escribiendo",
  slow_n: "modo lento: {n} s", slow_off: "No", slow_mode: "Modo lento", slow_mode_hint: "Cuánto espera cada persona entre dos mensajes.",
  pins: "Fijados", no_pins: "Aquí no hay nada fijado.", copy_room_link: "Copiar enlace de la sala", export_room: "Descargar la sala",
  room_settings: "Ajustes de la sala", room_name: "Nombre", lock_room: "Bloquear la sala", unlock_room: "Desbloquear la sala", lock_lead: "Solo el equipo docente podrá escribir hasta desbloquearla. Todos pueden leer.",
  close_room: "Cerrar la sala", open_room: "Volver a abrir la sala", close_lead: "Nadie podrá escribir más. Todo se podrá seguir leyendo.",

  // Message
  message_by: "{name}, {time}", my_message: "Mi mensaje: {state}", edited: "editado", pinned: "fijado", resolved: "resuelto", answering: "responde a {name}",
  removed: "Este mensaje fue eliminado.", removed_by_author: "Eliminado por su autor.", removed_by_staff: "Eliminado por el equipo docente.", removed_by_staff_reason: "Eliminado por el equipo docente: {reason}",
  reactions: "Reacciones", reaction_count: { one: "{emoji}, {n} persona", other: "{emoji}, {n} personas" }, reaction_mine: { one: "{emoji}, solo tú", other: "{emoji}, {n} personas, tú también" },
  replies: { one: "{n} respuesta", other: "{n} respuestas" }, last_from: "la última de {name} {time}", message_actions: "Qué hacer con este mensaje", react: "Reaccionar", open_thread: "Responder en el hilo",
  more_actions: "Más", reply_to_this: "Responder a este", copy_link: "Copiar enlace", copy_text: "Copiar texto", show_history: "Versiones anteriores", edit: "Editar", pin: "Fijar", unpin: "Dejar de fijar",
  resolve: "Resolver", reopen: "Reabrir", remove_title: "¿Eliminar este mensaje?", remove_lead: "Su texto desaparecerá para todos, también del historial.", history_title: "Versiones de este mensaje",
  sending: "Enviando…", queued_offline: "Espera la conexión", goes_again: "{why} Saldrá solo en {wait}.", failed: "No enviado. {why}",

  // Writing
  write_form: "Escribir en la sala", reply_form: "Responder en el hilo", edit_message: "Editar el mensaje", say_something: "Di algo en {room}", reply_in_thread: "Responde en este hilo",
  preview: "Vista previa", bold: "Negrita", italic: "Cursiva", code: "Código", formula: "Fórmula", suggestions: "Sugerencias", chars_left: "quedan {n}", answer_thread: "Responder a todo el hilo",
  room_is_closed: "Esta sala está cerrada. Puedes leerlo todo.", you_observe: "Estás aquí como oyente: puedes leer.", room_is_locked: "La sala está bloqueada: por ahora solo escribe el equipo docente.",
  slash_words: "palabras", slash_name: "nombre", slash_person: "@persona", slash_reason: "motivo", slash_seconds: "segundos", slash_search: "Buscar mensajes", slash_people: "Quién está aquí", slash_pins: "Mensajes fijados",
  slash_help: "Teclas y escritura", slash_rename: "Cambiar mi nombre", slash_mute: "Silenciar a alguien aquí", slash_lock: "Solo escribe el equipo docente", slash_unlock: "Todos pueden escribir", slash_slow: "Modo lento; 0 lo quita",
  slash_topic: "Poner el tema", slash_invite: "Hacer un enlace de invitación", slash_unknown: "No existe esa orden. Para empezar un mensaje con una barra, escribe dos: //",
  slash_name_missing: "Escribe el nombre tras la orden.", slash_person_missing: "Aquí nadie se llama así.", slash_seconds_wrong: "Da segundos de 0 a 3600.",

  // Live session
  live: "EN VIVO", live_for: "En vivo desde hace {time}", lecture_at: "Grabación en {time}", session_ended: "terminada", session_not_begun: "no ha empezado", session_wait: "La sesión no ha empezado. Lo que escribas aquí lo leen todos; se podrá preguntar cuando se abra.",
  open_session: "Empezar la sesión", close_session: "Terminar la sesión", session_title: "¿De qué trata?", close_session_lead: "Las preguntas abiertas siguen como hilos en la sala del grupo.",
  pace: "Ritmo; el equipo docente solo ve la suma", pace_lost: "Me pierdo", pace_ok: "Bien", pace_fast: "Muy rápido", raise_hand: "Levantar la mano", lower_hand: "Bajar la mano", hand_is_up: "Mano levantada", hand_place: { one: "{n} antes que tú", other: "{n} antes que tú" }, hand_next: "eres quien sigue",
  hands_up: { one: "{n} mano levantada", other: "{n} manos levantadas" }, now_speaking: "{name} tiene la palabra", you_have_floor: "Te dieron la palabra: es tu turno.", you_were_called: "Te dieron la palabra. Es tu turno.",
  call: "Dar la palabra", call_on: "Dar la palabra a {name}", answering_now: "Se responde ahora", n_asked: { one: "{n} persona lo preguntó", other: "{n} personas lo preguntaron" },
  talk: "Charla", questions: "Preguntas", polls: "Encuestas", session_parts: "Partes de la sesión", close_questions: "Cerrar las preguntas", order_by: "Orden", order_fair: "Justo", order_top: "Votos", order_new: "Nuevo", order_changed: "El orden ha cambiado", show_order: "Ver",
  vote_count: { one: "Yo también, {n} voto", other: "Yo también, {n} votos" }, status_answering: "se responde ahora", status_answered_live: "respondida de viva voz", status_answered_text: "respondida por escrito", status_carried: "sigue como hilo", status_merged: "unida a otra", status_dismissed: "descartada", status_withdrawn: "retirada",
  waiting_now: "recién hecha", waiting_min: "espera {n} min", asked_at: "hecha a las {time}", alias: "alias", your_question: "tuya", reworded: "reformulada", place_highlighted: "elegida por el equipo", place_longest_waiting: "la que más espera", place_not_heard_yet: "aún sin voz en esta sesión", place_fewest_heard: "con menos voz que otros",
  question_actions: "Qué hacer con esta pregunta", open_answers: "Respuestas", vote_instead: "Votar por ella", voted: "Votaste por ella", similar_questions: "Ya preguntado", similar_found: { one: "ya se hizo {n} pregunta parecida", other: "ya se hicieron {n} preguntas parecidas" },
  withdraw: "Retirar", withdraw_title: "¿Retirar esta pregunta?", withdraw_lead: "Sale de la cola. Su mensaje queda en la charla.", edit_and_resend: "Editar y enviar de nuevo", resend_lead: "Va de nuevo al equipo docente, como la escribas ahora.", accept_answer: "Esto la responde", accepted: "aceptada", answer_accepted: "aceptada por quien preguntó",
  pending_approval: "Espera aprobación; solo la ven tú y el equipo docente.", dismissed_because: "Descartada: {reason}", asking: "Enviando…", no_questions: "Ninguna pregunta espera", no_questions_lead: "Haz la primera: quien menos voz tuvo va antes.", answered_n: { one: "Respondidas · {n}", other: "Respondidas · {n}" }, at_media: "en {time}",
  reason_off_topic: "fuera de tema", reason_duplicate: "ya preguntada", reason_unclear: "poco clara", reason_answered_before: "respondida antes", reason_not_now: "ahora no", reason_conduct: "conducta", reason_other: "otro motivo",
  order_explained_fair: "Orden: primero quienes no han tenido voz, luego votos y espera.", order_explained_top: "Orden: primero las más votadas.", order_explained_new: "Orden: primero las más nuevas.",
  ledger: "Recibidas {received} · abiertas {published} · unidas {merged} · descartadas {dismissed}", why: "por qué", ledger_title: "Qué fue de las preguntas", ledger_lead: "Toda la sala puede leerlo. Nada se borra y el equipo docente puede deshacer lo que hizo.", ledger_received: "recibidas", ledger_published: "en la cola", ledger_waiting: "esperan aprobación", ledger_merged: "unidas a otra", ledger_answered: "respondidas", ledger_withdrawn: "retiradas por quien preguntó", ledger_carried: "siguen como hilos",
  approve: "Aprobar", answer_now: "Responder ahora", answered_aloud: "Respondida", highlight: "Poner primero", unhighlight: "Ya no primero", dismiss: "Descartar", dismiss_title: "¿Descartar esta pregunta?", dismiss_lead: "Se le dice a quien preguntó, que puede escribirla de nuevo.", note_optional: "Unas palabras para quien preguntó (opcional)", console: "Consola", presenter: "Vista de presentación", to_console: "Abrir en la consola",
  poll: "Encuesta", poll_again: "Segunda votación", repoll: "repetida", n_of_here: "{n} de {all}", n_answered: { one: "{n} respuesta", other: "{n} respuestas" }, poll_answer: "Responder", poll_change: "Cambiar mi respuesta", poll_answered: "Tu respuesta está dentro. Los resultados se ven al cerrar la encuesta.", poll_your_answer: "Tu respuesta: {answer}", poll_choose: "Elige una", poll_choose_many: "Elige todas las que valgan", poll_short: "Responde en pocas palabras", poll_scale: "Elige un número", poll_anonymous: "anónima", poll_named: "con nombres, para el equipo", poll_closed: "cerrada", close_poll: "Cerrar la encuesta", poll_results: "Resultados de {text}", poll_option: "Respuesta", poll_share: "Parte", poll_count: "Número", poll_shift: "Cambio", shift_up: "sube {n}", shift_down: "baja {n}", no_polls: "Aún no hay encuestas.", again: "Votar de nuevo",
  kind_label: "Qué es", kind_question: "Pregunta", kind_view: "Opinión", kind_answer: "Respuesta", kind_idea: "Idea", kind_resource: "Recurso", kind_challenge: "objeción", kind_result: "resultado de un equipo", ask: "Preguntar", ask_something: "Haz una pregunta", say_view: "Di lo que piensas", say_answer: "Responde algo", as_alias: "como {alias}", as_an_alias: "con un alias", alias_coming: "eligiendo tu alias…", alias_explained: "Los demás ven el alias. El equipo docente puede ver quién es.", alias_anonymous: "Nadie puede ver quién es, tampoco el equipo docente.",
  floor_held: "La palabra está retenida: lo que escribas se guarda y se muestra todo a la vez.", think_kept: "Tu respuesta está guardada.", shown_in: "Se muestra en {time}.", shown_on_release: "Se muestra cuando el equipo docente la libere.", shown_after_answer: "Verás las respuestas de los demás cuando des la tuya.", slow_wait: "Modo lento: {time}",
  sentence_title: "¿Qué objetas y por qué?", sentence_lead: "Una frase. Se publica como respuesta, para que se pueda contestar.", sentence: "Tu frase", challenge: "Objetar",
  hidden_by_staff: "Oculto por el equipo docente: {reason}", endorsed_correct: { one: "correcta", other: "correcta · {n}" }, endorsed_well_explained: { one: "bien explicada", other: "bien explicada · {n}" }, endorsed_evidence: { one: "da pruebas", other: "da pruebas · {n}" }, endorse: "Avalar como respuesta", endorse_reason: "Por qué es buena", endorse_one_correct: "Es correcta", endorse_one_well_explained: "Está bien explicada", endorse_one_evidence: "Da pruebas",
  changed_my_mind: "Esto me hizo cambiar de idea", changed_my_mind_about: "¿Sobre qué mensaje tuyo?", minds_changed: { one: "cambió una opinión", other: "cambió {n} opiniones" }, no_message_of_mine: "Di algo primero: así podrás marcar qué te hizo cambiar de idea.", held_shown_later: "dicho a las {time}", asked_question: "preguntó: {text}", show_in_queue: "Ver en la cola", report: "Avisar al equipo docente", hide: "Ocultar", unhide: "Mostrar a todos de nuevo", report_title: "Avisar de este mensaje", report_lead: "Solo lo ve el equipo docente.",
  team_is: "Tu equipo: {name}", to_team: "A la sala del equipo", team_time: "quedan {time}", team_back: "Llevar nuestro resultado", team_result: "Lo que encontrasteis, en pocas frases", carry_back: "Llevar", carried_back: "Se llevó a la sesión.", to_parent: "Volver a la sesión", with_people: "con {names}",
  announce_question: "Pregunta nueva", announce_answering: "Se responde ahora",

  // Past sessions
  past_sessions: "Sesiones pasadas", no_past_sessions: "Aquí aún no ha habido ninguna sesión.", session_untitled: "Sesión", session_runs: "en curso", session_numbers: "{questions} preguntas · {answered} respondidas", read_and_replay: "Leer y volver a ver",
  replay_past: "sesión pasada", replay_time: "Tiempo de la sesión", replay_position: "Posición", replay_at: "{now} de {all}", replay_play: "Reproducir", replay_pause: "Pausa", replay_speed: "Velocidad", replay_times: "{n} veces más rápido",
  replay_recording: "Grabación", replay_clock: "Hora", replay_summary: "{messages} mensajes, {questions} preguntas hechas, {answered} respondidas, {polls} encuestas", replay_asked: "Pregunta hecha", replay_answered: "Respondida", replay_mark: "Marca",
  replay_moments: { one: "{n} momento", other: "Los {n} momentos" }, replay_when: "Cuándo", replay_what: "Qué", replay_earlier: "Lo dicho antes, en la sala", replay_nothing_said: "Nadie ha hablado todavía.",
  replay_hands: "Manos alzadas: {names}", replay_failed: "Esta sesión no se puede mostrar", replay_to_room: "A la sala", replay_copy: "Copiar enlace a este momento", replay_export: "Descargar esta sesión",
  replay_export_markdown: "Para leer (Markdown)", replay_export_html: "Una página que no necesita programa (HTML)", replay_export_jsonl: "Para programas (líneas JSON)", replay_moment: "Verlo en su sesión", in_its_session: "en su sesión",
  in_no_session: "No se dijo en ninguna sesión.", resources: "Enlaces y recursos", resources_lead: "Reunidos de lo que se ha dicho aquí.", no_resources: "Aquí aún no se ha compartido ningún enlace.",
  catch_up: "Ponme al día", catch_up_lead: { one: "La sesión lleva {n} minuto. Conviene saber:", other: "La sesión lleva {n} minutos. Conviene saber:" }, catch_up_short: "Conviene saber ahora:", catch_up_nothing: "Hasta ahora no te has perdido nada.", catch_up_close: "Cerrar el resumen",
  catch_answering: "Se responde ahora", catch_answered: "Respondida", catch_poll: "Encuesta abierta", catch_pin: "Fijado", catch_top: "Sin respuesta",

  // Side panels
  thread: "Hilo", close_panel: "Cerrar el panel", thread_long: "Este hilo es muy largo; se muestran sus primeras respuestas.", search_words: "Palabras que buscar", search_results: "Resultados", filters: "Acotar",
  all_rooms: "Todas las salas", from_date: "Desde", to_date: "Hasta", searching: "Buscando…", n_found: { one: "{n} mensaje", other: "{n} mensajes" }, search_hint: "Encuentra lo que se dijo en cualquier sala del grupo.",
  nothing_found: "No se encontró nada", nothing_found_hint: "Prueba con menos palabras, con otras o en otra sala.", find_person: "Buscar a alguien", in_this_room: "En esta sala · {n}", elsewhere: "En otra parte · {n}", actions_for: "Acciones para {name}",
  mute: "Silenciar", unmute: "Quitar silencio", mute_person: "Silenciar a {name} aquí", unmute_person: "Quitar el silencio a {name}", mute_title: "Silenciar a {name} en esta sala", mute_lead: "Podrá leer, pero no escribir aquí, durante un tiempo.",
  ban: "Expulsar", ban_person: "Expulsar a {name}", ban_title: "Expulsar a {name} del grupo", ban_lead: "Sus conexiones terminan al momento. Lo que escribió se queda.", change_role: "Cambiar papel", role_title: "Papel de {name}",
  for_how_long: "Durante cuánto", for_10_min: "10 minutos", for_1_h: "1 hora", for_1_day: "1 día", for_1_week: "1 semana", for_1_month: "1 mes", for_good: "Para siempre",
  invite_ask: "Quien abra el enlace podrá entrar con este papel.", room_kind: "Para qué es", room_kind_discussion: "Conversación", room_kind_session: "Sesiones en directo", room_kind_announcements: "Avisos (solo escribe el equipo)",
  valid_for: "Válido durante", make_link: "Hacer un enlace", invite_ready: "El enlace está listo", invite_lead: "Quien lo abra entra como {role}.", invite_until: "Válido hasta {date}.", invite_link: "Enlace de invitación",

  // Connection and notices
  offline: "Estás sin conexión. Sigue escribiendo: saldrá cuando vuelvas", reconnecting: "Conectando de nuevo. Sigue escribiendo: nada se pierde", n_queued: { one: "{n} por enviar", other: "{n} por enviar" }, try_now: "Probar ahora",
  replied_to_you: "{name} te respondió.", message_failed: "Tu mensaje no se envió. {why}", you_were_muted: "Te silenciaron en una sala: {reason}", you_were_unmasked: "{name} miró quién está detrás de tu alias: {reason}", your_role_is: "Tu papel es ahora {role}.",

  // Spoken
  announce_one: "{name}: {text}", announce_many: { one: "{n} mensaje nuevo. El último, {name}: {text}", other: "{n} mensajes nuevos. El último, {name}: {text}" },
  announce_mention: { one: "{name} te mencionó: {text}", other: "{n} mensajes nuevos. {name} te mencionó: {text}" }, announce_count: { one: "{n} mensaje nuevo", other: "{n} mensajes nuevos" },

  // Help
  help_title: "Teclas y escritura", keys_everywhere: "En todas partes", keys_log: "Sobre un mensaje", keys_composer: "Al escribir", key_f6: "Recorrer los paneles", key_search: "Buscar", key_help: "Esta ayuda", key_escape: "Cerrar lo abierto; volver a escribir",
  key_move: "Moverse entre mensajes", key_thread: "Abrir el hilo", key_react: "Reaccionar", key_edit: "Editar mi mensaje", key_copy: "Copiar su enlace", key_pin: "Fijar (equipo docente)", key_redact: "Eliminar", key_send: "Enviar", key_newline: "Nueva línea", key_edit_last: "Editar mi último mensaje (con el campo vacío)",
  key_mention: "Mencionar a alguien", key_slash: "Órdenes", writing_title: "Escritura", writing_help: "Markdown: **negrita**, *cursiva*, `código`, listas, > citas, ``` para un bloque de código. Fórmulas: $x^2$ en la línea, $$…$$ aparte.",

  // Why something was refused, by code of the protocol
  refused_malformed: "El servidor no lo entendió. Recarga la página; puede ser antigua.", refused_text_empty: "No hay nada que enviar.", refused_text_too_long: "El texto es demasiado largo: 8000 caracteres como mucho.", refused_name_invalid: "El nombre está vacío o es demasiado largo.",
  refused_reason_required: "Hace falta un motivo.", refused_emoji_not_allowed: "Esa reacción no se usa en esta sala.", refused_key_reused: "Esto ya se usó para otra cosa. Inténtalo de nuevo.", refused_unknown_stream: "Ese lugar no existe o no es para ti.",
  refused_unknown_cohort: "Ese grupo no existe.", refused_unknown_room: "Esa sala no existe o no es para ti.", refused_unknown_message: "Ese mensaje no existe.", refused_unknown_member: "Aquí no hay nadie así.", refused_unknown_invite: "Esa invitación no existe.",
  refused_not_allowed: "Tu papel no lo permite.", refused_not_author: "Solo puede hacerlo su autor.", refused_not_a_member: "No perteneces a este grupo.", refused_banned: "Te expulsaron de este grupo.", refused_muted: "Estás en silencio en esta sala por un tiempo.",
  refused_token_invalid: "Tu acceso no es válido aquí.", refused_token_expired: "Tu acceso ha caducado.", refused_invite_invalid: "Esta invitación no es válida o ya se usó.", refused_invite_expired: "Esta invitación es demasiado antigua. Pide otra.",
  refused_room_locked: "La sala está bloqueada por ahora.", refused_room_closed: "La sala está cerrada.", refused_already_redacted: "Este mensaje ya fue eliminado.", refused_precondition_failed: "Cambió mientras tanto. Míralo de nuevo.",
  refused_slow_mode: "Modo lento: un mensaje cada vez.", refused_rate_limited: "Eso fue mucho de golpe.", refused_too_many_in_flight: "Hay demasiado en marcha.", refused_too_many: "Ya hay demasiados.", refused_storage_full: "El disco del servidor está lleno. Se puede leer.",
  refused_unavailable: "El servidor no puede hacerlo ahora.", refused_overloaded: "El servidor está ocupado.", refused_draining: "El servidor se está reiniciando.", refused_internal: "Algo falló en el servidor.", refused_offline: "No hay conexión.",
  refused_outbox_full: "Ya hay demasiado por enviar.",
  refused_sentence_required: "Hace falta una frase que diga por qué.", refused_words_blocked: "Contiene palabras que esta sala no permite.", refused_options_invalid: "Esas opciones no sirven.", refused_answer_invalid: "Esa respuesta no encaja en la encuesta.", refused_groups_invalid: "Esos grupos no sirven.",
  refused_unknown_question: "Esa pregunta no existe en esta sesión.", refused_unknown_poll: "Esa encuesta no existe en esta sesión.", refused_unknown_option: "Esa opción no existe.", refused_unknown_hand: "Esa mano no está levantada.", refused_unknown_held: "Ese mensaje ya no espera.", refused_unknown_alias: "Aquí no hay tal alias.",
  refused_not_a_session: "Esta sala no es para sesiones en vivo.", refused_session_not_open: "No hay ninguna sesión abierta.", refused_session_open: "Ya hay una sesión abierta.", refused_mark_goes_back: "Ese punto va antes de la última marca.", refused_question_status: "La pregunta ya cambió de estado.", refused_merge_circle: "Una pregunta no se puede unir consigo misma.",
  refused_already_voted: "Ya votaste por esta pregunta.", refused_not_voted: "No has votado por esta pregunta.", refused_already_raised: "La mano ya está levantada.", refused_already_endorsed: "Ya la avalaste.", refused_poll_closed: "La encuesta está cerrada.", refused_floor_held: "La palabra ya está retenida.", refused_floor_not_held: "La palabra no está retenida.", refused_teams_formed: "Ya hay equipos.", refused_teams_not_formed: "No hay equipos.",
  refused_alias_not_allowed: "Esta sala no permite alias.", refused_alias_sealed: "Nadie puede mirar tras este alias.", refused_already_hidden: "Ya está oculto.", refused_not_hidden: "No está oculto.", refused_nothing_to_undo: "Ya no hay nada que deshacer.",

  // Why the connection was ended, by close code
  closed_4500: "Tu acceso ya no es válido aquí.", closed_4501: "Ya no perteneces a este grupo.", closed_4502: "Te expulsaron de este grupo.", closed_4503: "La aplicación y el servidor no se entienden. Recarga.", closed_4504: "La aplicación y el servidor no se entienden. Recarga.",
  closed_4505: "La aplicación y el servidor no se entienden. Recarga.", closed_4506: "Tienes demasiadas conexiones. Cierra otras pestañas.", closed_4507: "Este grupo ya no existe.", closed_4508: "La aplicación se detuvo porque no se entiende con el servidor. Recarga.", closed_another_person: "Esta pestaña es ahora de otra persona. Abre tu enlace otra vez.", closed_other: "El servidor terminó la conexión.",
};
