-- What a job wrote although a schema that only warns speaks against it, by the place in its input.
create table backend_entities.graph_job_warnings (
    like backend_entities.graph_job_errors including constraints including indexes,
    foreign key (user_id, job_id) references backend_entities.graph_jobs (user_id, id) on delete cascade
)
