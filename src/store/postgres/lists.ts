// Lists go as JSON: for an array the client asks for its type first, and a pooler may answer that on another connection.

/** SQL of an array of texts, given SQL of its JSON. Texts with NUL are refused. */
export const textsSql = (json: string): string => `ARRAY(SELECT json_array_elements_text(${json}::json))`;

/** SQL of an array of whole numbers, given SQL of its JSON. */
export const numbersSql = (json: string): string =>
  `ARRAY(SELECT json_array_elements_text(${json}::json)::bigint)`;
